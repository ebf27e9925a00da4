# ruff: noqa: RUF001 - letters of other alphabets
"""Letters that look like Latin ones.

The table has the single letters of the Latin, Cyrillic, Greek, Armenian, Cherokee, Coptic and Lisu scripts from
Unicode's confusables.txt (UTS #39), and small capitals, turned letters and boxed letters.
"""

_LOOK_LIKE = {
    "a": "ɐɑΑαАаᎪᴀꓮ",
    "b": "ƄʙΒВЬвьᏏᏴꓐꞴ",
    "c": "ɔСсᏟᴄⲤⲥꓚꮯ",
    "d": "ԁᎠᏧᴅꓒꓓ",
    "e": "ǝɘΕεЕеҽᎬᴇꓰꬲ",
    "f": "ɟϜքẝꓝꜰꞘꞙꬵ",
    "g": "ƍɡɢԌցᏀᏳᶃꓖ",
    "h": "ɥʜΗНнһհᎻᏂⲎꓧ",
    "i": "ıɩɪιіӏᎥꙇꭵΙІӀⲒꓲ",
    "j": "ͿϳЈјᎫᴊꓙꞲ",
    "k": "ʞΚκКкᏦᴋⲔꓗ",
    "l": "ƖǀʟᏞⳐꓡ",
    "m": "ɯΜϺМмᎷᴍⲘꓟ",
    "n": "ɴΝηпոռⲚꓠ",
    "o": "ΟοσОоՕօᴏᴑⲞⲟꓳꬽ",
    "p": "ΡρРрᏢᴘⲢⲣꓑ",
    "q": "ԛգզ",
    "r": "ƦɹʀгᎡᏒᴦⲅꓣꭇꭈꮁ",
    "s": "ƽЅѕՏᏕᏚꓢꜱꮪ",
    "t": "ʇΤτТтᎢᴛⲦꓔ",
    "u": "ʋμυՍսᴜꓴꞟꭎꭒ",
    "v": "ʌνѴѵᏙᴠꓦꮩ",
    "w": "ʍωѡԜԝաᎳᏔᴡꓪꮃ",
    "x": "ΧХхⲬꓫꞳ",
    "y": "ɣʎʏΥγУуҮүᎩᎽᶌỿⲨꓬꭚ",
    "z": "ΖᏃᴢꓜꮓ",
}
_BOXED = (0x1F150, 0x1F170, 0x1F1E6)
"""First code points of the alphabets of white letters in circles, of white letters in squares, and of flags."""
_UNSEEN = "\u115f\u1160\u3164\uffa0\u2800"
"""Invisible letters and symbols."""

LOOKALIKES: dict[int, str | None] = {
    **{ord(letter): latin for latin, letters in _LOOK_LIKE.items() for letter in letters},
    **{start + place: chr(ord("a") + place) for start in _BOXED for place in range(26)},
    **{ord(letter): None for letter in _UNSEEN},
}
"""A table for `str.translate`."""

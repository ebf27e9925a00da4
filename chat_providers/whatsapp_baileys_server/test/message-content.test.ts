import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { proto } from 'baileys'

import { joinChoices, splitChoices } from '../src/content/formatting.ts'
import { FIELD_PARSERS } from '../src/content/message-content.ts'
import { FIELDS, WRAPPERS } from '../src/content/wrappers.ts'
import { inGroup, said, told, toldOf } from './helpers/messages.ts'

const OPTIONS = [{ optionName: 'Pizza' }, { optionName: 'Sushi' }]
const CARD = (...lines: string[]): string => ['BEGIN:VCARD', 'VERSION:3.0', ...lines, 'END:VCARD'].join('\r\n')

describe('the table of contents', () => {
  it('names every field of a message that this version of Baileys knows', () => {
    assert(FIELDS.length > 90)
    assert.deepEqual([...FIELDS].sort(), Object.keys(FIELD_PARSERS).sort())
  })

  it('calls a wrapper what holds nothing but a message', () => {
    const named = FIELDS.filter(field => FIELD_PARSERS[field] === 'wrapper')
    assert.deepEqual(named.sort(), [...WRAPPERS].sort())
  })

  it('has no field end in an error, however little is in it', () => {
    for (const field of FIELDS) {
      const message = proto.Message.fromObject({ [field]: field === 'conversation' ? '' : {} })
      assert.doesNotThrow(() => toldOf(message), field)
      assert.doesNotMatch(toldOf(message)?.text ?? '', /\[/)
    }
  })
})

describe('words and pictures', () => {
  it('a text is its words, and a link beside it is told with its title', () => {
    const extendedTextMessage = { text: 'see https://a.example', title: 'A place', description: 'to stay' }
    assert.deepEqual(said({ conversation: '[image]' }), ['text', '[image]', ''])
    assert.deepEqual(said({ extendedTextMessage }), ['text', 'see https://a.example', 'link: A place; to stay'])
  })

  it('a file has its name beside its caption', () => {
    const documentMessage = { fileName: 'invoice-77.pdf', caption: 'please check' }
    const wrapped = { documentWithCaptionMessage: { message: { documentMessage } } }
    assert.deepEqual(said(wrapped), ['document', 'please check', 'invoice-77.pdf'])
    assert.equal(told(wrapped).unseen, 'document')
  })

  it('what is seen or heard has a kind and no words of ours', () => {
    const seen = (message: proto.IMessage) => [...said(message), told(message).unseen, told(message).answerable]
    assert.deepEqual(seen({ imageMessage: {} }), ['image', '', '', 'picture', true])
    assert.deepEqual(seen({ videoMessage: { caption: 'look' } }), ['video', 'look', '', 'video', true])
    assert.deepEqual(seen({ ptvMessage: {} }), ['video', '', '', 'video', true])
    assert.deepEqual(seen({ audioMessage: { ptt: true } }), ['voice', '', '', 'voice message', true])
    assert.deepEqual(seen({ audioMessage: {} }), ['audio', '', '', 'audio', true])
    const lottieStickerMessage = { message: { stickerMessage: { accessibilityLabel: 'a waving bear' } } }
    assert.deepEqual(seen({ lottieStickerMessage }), ['sticker', '', 'a waving bear', 'sticker', true])
    assert.deepEqual(seen({ stickerPackMessage: { name: 'Bears' } }), ['sticker', '', 'Bears', 'sticker', true])
  })

  it('an album says what is to come, and is not answered itself', () => {
    const message = { albumMessage: { expectedImageCount: 3, expectedVideoCount: 1 } }
    assert.deepEqual(said(message), ['album', '', '3 pictures; 1 video'])
    assert.deepEqual([told(message).answerable, told(message).note], [false, 'album'])
  })

  it('a picture that comes once more in better quality is no message again', () => {
    const again = proto.MessageAssociation.AssociationType.HD_IMAGE_DUAL_UPLOAD
    const album = proto.MessageAssociation.AssociationType.MEDIA_ALBUM
    const child = (associationType: proto.MessageAssociation.AssociationType): proto.IMessage => {
      const messageContextInfo = { messageAssociation: { associationType } }
      return { associatedChildMessage: { message: { imageMessage: {}, messageContextInfo } } }
    }
    assert.equal(toldOf(child(again)), null)
    assert.equal(told(child(album)).kind, 'image')
    assert.equal(toldOf({ eventCoverImage: { message: { imageMessage: {} } } }), null)
  })

  it('what is to be seen once and comes without its content is a picture that nobody here sees', () => {
    const shape = told(null, {}, { isViewOnce: true })
    assert.deepEqual(
      [shape.kind, shape.text, shape.unseen, shape.answerable, shape.note],
      ['image', '', 'view-once message', true, null],
    )
  })
})

describe('places and people', () => {
  it('a place has its address and coordinates, and the comment is what was said', () => {
    const here = { degreesLatitude: 52.52, degreesLongitude: 13.405 }
    const locationMessage = { ...here, address: 'Torstr. 1', comment: 'meet here' }
    assert.deepEqual(said({ locationMessage }), ['location', 'meet here', 'Torstr. 1; 52.52, 13.405'])
    const liveLocationMessage = { degreesLatitude: -1.0000004, degreesLongitude: 0, caption: 'on my way' }
    assert.deepEqual(said({ liveLocationMessage }), ['location', 'on my way', 'live location; -1, 0'])
    const nowhere = { degreesLatitude: Number.NaN, degreesLongitude: 0, name: 'Harbour' }
    assert.deepEqual(said({ locationMessage: nowhere }), ['location', '', 'Harbour'])
  })

  it('a card has a name and numbers', () => {
    const vcard = CARD(
      'FN:Dr Ana Ruiz',
      'item1.TEL;type=CELL;waid=34600111222:+34 600 111 222',
      'TEL;waid=34600111223:0600 111 223',
    )
    assert.deepEqual(said({ contactMessage: { displayName: 'Dr Ana Ruiz', vcard } }), [
      'contact_card',
      '',
      'Dr Ana Ruiz, +34 600 111 222, +34600111223',
    ])
    const contacts = [
      { vcard: CARD('FN:Ana', 'TEL:+34600111222') },
      { displayName: 'Bo', vcard: CARD('TEL:+34600111223') },
    ]
    const message = { contactsArrayMessage: { displayName: '2 contacts', contacts } }
    assert.deepEqual(said(message), ['contact_card', '', 'Ana, +34600111222; Bo, +34600111223'])
  })
})

describe('polls, events and calls', () => {
  it('a poll of any version is its question, with its options', () => {
    const poll = { name: 'Pizza or sushi?', options: OPTIONS }
    const all: proto.IMessage[] = [
      { pollCreationMessage: poll },
      { pollCreationMessageV2: poll },
      { pollCreationMessageV3: poll },
      { pollCreationMessageV4: { message: { pollCreationMessage: poll } } },
      { pollCreationMessageV5: poll },
    ]
    for (const message of all) assert.deepEqual(said(message), ['poll', 'Pizza or sushi?', 'Pizza / Sushi'])
    const pollVotes = [{ optionName: 'Pizza', optionVoteCount: 2 }]
    assert.deepEqual(said({ pollResultSnapshotMessage: { name: 'Done', pollVotes } }), ['poll', 'Done', 'Pizza: 2'])
  })

  it('choices in one line are told apart again, whatever is in them', () => {
    const odd = ['a / b', 'a // b', '/', 'x /', '/ y', 'and/or', '', ' ', 'a / / b', 'a/', '/b', '//']
    for (const choices of [odd, [...odd].reverse(), OPTIONS.map(each => each.optionName)]) {
      assert.deepEqual(splitChoices(joinChoices(choices)), choices)
    }
  })

  it('an event has its time, place and what was written about it', () => {
    const eventMessage = {
      name: 'Birthday dinner',
      description: 'bring nothing',
      startTime: 1_795_975_200,
      location: { name: 'Cafe Blau' },
    }
    const [kind, text, details] = said({ eventMessage })
    assert.deepEqual([kind, text], ['event', 'Birthday dinner\nbring nothing'])
    assert.equal(details, '2026-11-29T18:00Z; Cafe Blau')
    const ended = { ...eventMessage, isCanceled: true, endTime: 1_795_982_400 }
    assert.equal(said({ eventMessage: ended })[2], 'cancelled; 2026-11-29T18:00Z to 2026-11-29T20:00Z; Cafe Blau')
    assert.equal(said({ eventMessage: { name: 'x', startTime: 9e15 } })[2], '')
    const call = { title: 'Weekly', scheduledTimestampMs: 1_795_975_200_000, callType: 2 }
    assert.deepEqual(said({ scheduledCallCreationMessage: call }), ['event', 'Weekly', '2026-11-29T18:00Z; video call'])
  })

  it('a call says whether it was missed', () => {
    const { MISSED, CONNECTED } = proto.Message.CallLogMessage.CallOutcome
    const { VIDEO } = proto.Message.BCallMessage.MediaType
    const log = (callLogMesssage: proto.Message.ICallLogMessage) => said({ callLogMesssage })
    assert.deepEqual(log({ isVideo: true, callOutcome: MISSED }), ['call', '', 'missed video call'])
    assert.deepEqual(log({ callOutcome: CONNECTED, durationSecs: 65 }), ['call', '', 'call; 65 seconds'])
    assert.deepEqual(said({ bcallMessage: { mediaType: VIDEO, caption: 'join' } }), ['call', 'join', 'video call'])
    assert.deepEqual([told({ call: {} }).kind, told({ call: {} }).note], ['call', 'call'])
  })

  it('an invitation is its caption and the group', () => {
    const groupInviteMessage = { groupJid: '120363@g.us', groupName: 'Hiking', caption: 'join us' }
    assert.deepEqual(said({ groupInviteMessage }), ['invitation', 'join us', 'Hiking'])
    const channel = { newsletterName: 'News', caption: 'read this' }
    assert.deepEqual(said({ newsletterFollowerInviteMessageV2: channel }), ['invitation', 'read this', 'News'])
  })
})

describe('what businesses send', () => {
  it('a menu of any form is its text with the choices', () => {
    const button = (displayText: string) => ({ buttonText: { displayText } })
    const buttons = [button('Yes'), button('No')]
    const buttonsMessage = { contentText: 'Do you confirm?', footerText: 'Clinic', buttons }
    assert.deepEqual(said({ buttonsMessage }), ['menu', 'Do you confirm?\nClinic', 'Yes / No'])
    const hydratedTemplate = {
      hydratedContentText: 'Your parcel arrives today',
      hydratedButtons: [{ urlButton: { displayText: 'Track', url: 'https://a.example' } }],
    }
    assert.deepEqual(said({ templateMessage: { hydratedTemplate } }), ['menu', 'Your parcel arrives today', 'Track'])
    const template = { templateMessage: { hydratedFourRowTemplate: hydratedTemplate } }
    assert.deepEqual(said(template), ['menu', 'Your parcel arrives today', 'Track'])
    const sections = [{ rows: [{ title: '9:00' }, { rowId: 'ten' }] }]
    const listMessage = { title: 'Times', description: 'Pick one', sections }
    assert.deepEqual(said({ listMessage }), ['menu', 'Times\nPick one', '9:00 / ten'])
    assert.deepEqual([told({ listMessage }).answerable, told({ listMessage }).note], [false, 'menu'])
  })

  it('an interactive message too, with its native buttons', () => {
    const rows = JSON.stringify({ title: 'More', sections: [{ rows: [{ title: 'A' }, { title: 'B' }] }] })
    const interactiveMessage = {
      header: { title: 'Order 12' },
      body: { text: 'It is ready' },
      footer: { text: 'Shop' },
      nativeFlowMessage: {
        buttons: [
          { name: 'quick_reply', buttonParamsJson: '{"display_text":"Thanks","id":"t"}' },
          { name: 'single_select', buttonParamsJson: rows },
          { name: 'cta', buttonParamsJson: '{"display_text"' },
        ],
      },
    }
    assert.deepEqual(said({ interactiveMessage }), ['menu', 'Order 12\nIt is ready\nShop', 'Thanks / A / B'])
    const templateMessage = { interactiveMessageTemplate: interactiveMessage }
    assert.deepEqual(said({ templateMessage }), ['menu', 'Order 12\nIt is ready\nShop', 'Thanks / A / B'])
    const highlyStructuredMessage = { elementName: 'hello', params: ['Ann', '12'] }
    assert.deepEqual(said({ highlyStructuredMessage }), ['menu', 'Ann\n12', 'hello'])
  })

  it('a choice is what stands on it, and else its id', () => {
    const paramsJson = '{"id":"42","display_text":"Tuesday"}'
    const flow = (json: string): proto.IMessage => ({
      interactiveResponseMessage: { nativeFlowResponseMessage: { name: 'menu', paramsJson: json } },
    })
    assert.deepEqual(said(flow(paramsJson)), ['choice', 'Tuesday', ''])
    assert.deepEqual(said(flow('{"id":"42"}')), ['choice', '42', ''])
    assert.deepEqual(said(flow('[1]')), ['choice', '', ''])
    assert.deepEqual(said(flow(`{"id":"${'x'.repeat(5_000)}"}`)), ['choice', '', ''])
    assert.deepEqual(said({ buttonsResponseMessage: { selectedButtonId: 'y' } }), ['choice', 'y', ''])
    const listResponseMessage = { singleSelectReply: { selectedRowId: 'row-7' }, description: 'at nine' }
    assert.deepEqual(said({ listResponseMessage }), ['choice', 'row-7', 'at nine'])
    assert(told({ listResponseMessage }).answerable)
  })

  it('money and goods have their amounts, and the note is what was said', () => {
    const noteMessage = { extendedTextMessage: { text: 'for the pizza' } }
    const requestPaymentMessage = { noteMessage, amount1000: 12_000, currencyCodeIso4217: 'EUR' }
    assert.deepEqual(said({ requestPaymentMessage }), ['payment', 'for the pizza', '12.00 EUR'])
    const amount = { value: 1250, offset: 100, currencyCode: 'INR' }
    const inParts = { requestPaymentMessage: { noteMessage, amount } }
    assert.deepEqual(said(inParts), ['payment', 'for the pizza', '12.50 INR'])
    assert.deepEqual(said({ sendPaymentMessage: { noteMessage } }), ['payment', 'for the pizza', 'sent'])
    const sum = { totalAmount1000: 3_005, totalCurrencyCode: 'KWD' }
    const orderMessage = { message: 'two please', orderTitle: 'Shop', itemCount: 2, ...sum }
    assert.deepEqual(said({ orderMessage }), ['order', 'two please', 'Shop; 2 items; 3.005 KWD'])
    const product = { title: 'Lamp', priceAmount1000: 9_900, currencyCode: 'EUR' }
    const productMessage = { product, body: 'this one?' }
    assert.deepEqual(said({ productMessage }), ['product', 'this one?', 'Lamp; 9.90 EUR'])
    assert.deepEqual(said({ invoiceMessage: { note: 'due' } }), ['payment', 'due', 'invoice'])
  })
})

describe('what is no message by itself', () => {
  it('traffic between devices is told to nobody', () => {
    const all: proto.IMessage[] = [
      { senderKeyDistributionMessage: {}, messageContextInfo: {} },
      { protocolMessage: { type: proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE } },
      { pinInChatMessage: {} },
      { keepInChatMessage: {} },
      { encReactionMessage: {} },
      { encCommentMessage: {} },
      { groupStatusMessageV2: { message: { conversation: 'all look' } } },
      { statusMentionMessage: { message: { conversation: 'all look' } } },
    ]
    for (const message of all) assert.equal(toldOf(message), null)
  })

  it('a setting for disappearing messages is a notice with its seconds', () => {
    const type = proto.Message.ProtocolMessage.Type.EPHEMERAL_SETTING
    const setting = (ephemeralExpiration: number) => told({ protocolMessage: { type, ephemeralExpiration } })
    assert.deepEqual([setting(86_400).kind, setting(86_400).expiration, setting(0).expiration], ['notice', 86_400, 0])
    assert.equal(setting(86_400).answerable, false)
  })

  it('what this version cannot tell is named by its field', () => {
    assert.deepEqual([told({}).kind, told({}).note], ['unsupported', 'unsupported:unknown'])
    assert.equal(told({ chat: {} }).note, 'unsupported:chat')
    assert.equal(told({ placeholderMessage: {} }).kind, 'unreadable')
  })

  it('a comment is what it says, on what it is about', () => {
    const commentMessage = { message: { conversation: 'nice' }, targetMessageKey: { id: 'T' } }
    const shape = told({ commentMessage }, {}, inGroup)
    assert.deepEqual([shape.kind, shape.text, shape.quotes], ['text', 'nice', 'T'])
  })
})

// Fills in the time zone of whoever makes a bot; no server knows it.
const field = document.querySelector("input[data-zone]");
if (field && !field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

/** What was asked for cannot be done as things stand; the control API answers 409 with the text. */
export class Refusal extends Error {}

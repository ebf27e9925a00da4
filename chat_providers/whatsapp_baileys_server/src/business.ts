import type { proto } from 'baileys'

import { MOST_ENTRIES } from './bounds.ts'
import { amount, counted, facts, isRecord, joinChoices, lines, parameters, whole, wordsIn } from './facts.ts'
import type { Reader, Reading, Told } from './reading.ts'

type Message = proto.Message
type Words = string | null | undefined

export const buttons: Reader<Message['buttonsMessage'] & object> = part => ({
  kind: 'menu',
  text: lines(part.text, part.contentText, part.footerText),
  details: choices(part.buttons, button => button.buttonText?.displayText || nameOf(button.nativeFlowInfo?.paramsJson)),
})

export const list: Reader<Message['listMessage'] & object> = part => ({
  kind: 'menu',
  text: lines(part.title, part.description, part.footerText),
  details: choices(rowsOf(part.sections), row => row.title || row.rowId),
})

const rowsOf = (sections: proto.Message.ListMessage.ISection[] | null | undefined) =>
  (sections ?? []).slice(0, MOST_ENTRIES).flatMap(section => (section.rows ?? []).slice(0, MOST_ENTRIES))

export const template: Reader<Message['templateMessage'] & object> = part => {
  const hydrated = part.hydratedTemplate ?? part.hydratedFourRowTemplate
  if (hydrated) {
    const { hydratedTitleText, hydratedContentText, hydratedFooterText, hydratedButtons } = hydrated
    return {
      kind: 'menu',
      text: lines(hydratedTitleText, hydratedContentText, hydratedFooterText),
      details: choices(hydratedButtons, ({ quickReplyButton, urlButton, callButton }) => {
        return (quickReplyButton ?? urlButton ?? callButton)?.displayText
      }),
    }
  }
  if (part.interactiveMessageTemplate) {
    const { interactiveMessageTemplate: within } = part
    return { ...menuOf(within), context: part.contextInfo ?? within.contextInfo ?? null }
  }
  const raw = part.fourRowTemplate
  return {
    kind: 'menu',
    text: lines(...[raw?.highlyStructuredMessage, raw?.content, raw?.footer].map(structuredText)),
    details: choices(raw?.buttons, ({ quickReplyButton, urlButton, callButton }) =>
      structuredText((quickReplyButton ?? urlButton ?? callButton)?.displayText),
    ),
  }
}

export const structured: Reader<Message['highlyStructuredMessage'] & object> = (part, reading) =>
  part.hydratedHsm
    ? { context: part.hydratedHsm.contextInfo ?? null, ...(template(part.hydratedHsm, reading) ?? { kind: 'menu' }) }
    : { kind: 'menu', text: structuredText(part), details: facts(part.elementName) }

/** What a text of the business's has in its gaps; the text itself is the phone's. */
function structuredText(part: proto.Message.IHighlyStructuredMessage | null | undefined): string {
  if (!part) return ''
  const gaps = part.localizableParams?.map(gap => gap.default) ?? []
  return lines(...(gaps.some(Boolean) ? gaps : (part.params ?? [])))
}

export const interactive: Reader<Message['interactiveMessage'] & object> = part => menuOf(part)

function menuOf(part: proto.Message.IInteractiveMessage): Told {
  const { header, body, footer, nativeFlowMessage: flow, carouselMessage: carousel } = part
  // Cards do not lie within cards.
  const cards = (carousel?.cards ?? []).slice(0, MOST_ENTRIES)
  const buttons = [flow, ...cards.map(card => card.nativeFlowMessage)].flatMap(each => each?.buttons ?? [])
  const titles = cards.map(card => lines(card.header?.title, card.body?.text))
  return {
    kind: 'menu',
    text: lines(header?.title, header?.subtitle, body?.text, ...titles, footer?.text),
    details: joinChoices(buttons.slice(0, MOST_ENTRIES).flatMap(button => choicesIn(button.buttonParamsJson))),
  }
}

/** A button of its own, or the rows that it shows. */
function choicesIn(json: Words): string[] {
  const { sections, ...button } = parameters(json)
  const rows = recordsIn(sections).flatMap(section => recordsIn(section.rows))
  const titles = rows.map(row => wordsIn(row, 'title', 'id'))
  return (titles.length ? titles : [nameIn(button)]).filter(Boolean)
}

const recordsIn = (list: unknown): Record<string, unknown>[] => (Array.isArray(list) ? list.filter(isRecord) : [])

const nameOf = (json: Words): string => nameIn(parameters(json))

const nameIn = (button: Record<string, unknown>): string =>
  wordsIn(button, 'display_text', 'displayText', 'title', 'id')

export const pressed: Reader<Message['buttonsResponseMessage'] & object> = part => ({
  kind: 'choice',
  text: part.selectedDisplayText || part.selectedButtonId || '',
})

export const templatePressed: Reader<Message['templateButtonReplyMessage'] & object> = part => ({
  kind: 'choice',
  text: part.selectedDisplayText || part.selectedId || '',
})

export const picked: Reader<Message['listResponseMessage'] & object> = part => ({
  kind: 'choice',
  text: part.title || part.singleSelectReply?.selectedRowId || '',
  details: facts(part.description),
})

export const chosen: Reader<Message['interactiveResponseMessage'] & object> = part => ({
  kind: 'choice',
  text: part.body?.text || nameOf(part.nativeFlowResponseMessage?.paramsJson),
})

export const order: Reader<Message['orderMessage'] & object> = part => ({
  kind: 'order',
  text: part.message ?? '',
  details: facts(
    part.orderTitle,
    counted(part.itemCount, 'item'),
    amount(part.totalAmount1000, part.totalCurrencyCode),
  ),
})

export const product: Reader<Message['productMessage'] & object> = ({ product: sold, catalog, body, footer }) => ({
  kind: 'product',
  text: lines(body, footer),
  details: facts(
    sold?.title ?? catalog?.title,
    sold?.description ?? catalog?.description,
    amount(sold?.salePriceAmount1000 ?? sold?.priceAmount1000, sold?.currencyCode),
  ),
})

export const paymentAsked: Reader<Message['requestPaymentMessage'] & object> = (part, reading) =>
  paymentOf(part.noteMessage, reading, moneyOf(part.amount) ?? amount(part.amount1000, part.currencyCodeIso4217))

export const paymentSent: Reader<Message['sendPaymentMessage'] & object> = (part, reading) =>
  paymentOf(part.noteMessage, reading, 'sent')

export const paymentDeclined = (): Told => ({ kind: 'payment', details: 'declined' })

export const paymentCancelled = (): Told => ({ kind: 'payment', details: 'cancelled' })

export const paymentInvited = (): Told => ({ kind: 'payment', details: 'invited to pay here' })

export const invoice: Reader<Message['invoiceMessage'] & object> = part => ({
  kind: 'payment',
  text: part.note ?? '',
  details: 'invoice',
})

function paymentOf(note: proto.IMessage | null | undefined, reading: Reading, details: string | null): Told {
  const words = note ? reading.inner(note) : null
  return { kind: 'payment', text: words?.text ?? '', details: facts(details), context: words?.context ?? null }
}

/** The value is counted in parts, `offset` of which are one. */
function moneyOf(money: proto.IMoney | null | undefined): string | null {
  const [value, offset] = [whole(money?.value), whole(money?.offset)]
  return value === null || !offset ? null : amount(Math.round((value * 1000) / offset), money?.currencyCode)
}

function choices<Choice>(all: Choice[] | null | undefined, textOf: (choice: Choice) => Words): string {
  const told = (all ?? []).slice(0, MOST_ENTRIES).map(choice => textOf(choice) ?? '')
  return joinChoices(told.filter(Boolean))
}

import type { proto } from 'baileys'

import { MAX_ENTRIES } from '../common/limits.ts'
import {
  firstText,
  formatAmount,
  formatCount,
  isRecord,
  joinChoices,
  joinDetails,
  joinLines,
  parseJsonObject,
  toInteger,
} from './formatting.ts'
import type { FieldParser, ParseContext, ParsedField } from './parser-types.ts'

type Message = proto.Message
type OptionalText = string | null | undefined

export const buttons: FieldParser<Message['buttonsMessage'] & object> = part => ({
  kind: 'menu',
  text: joinLines(part.text, part.contentText, part.footerText),
  details: joinTitles(
    part.buttons,
    button => button.buttonText?.displayText || buttonTitleFromJson(button.nativeFlowInfo?.paramsJson),
  ),
})

export const list: FieldParser<Message['listMessage'] & object> = part => ({
  kind: 'menu',
  text: joinLines(part.title, part.description, part.footerText),
  details: joinTitles(listRows(part.sections), row => row.title || row.rowId),
})

const listRows = (sections: proto.Message.ListMessage.ISection[] | null | undefined) =>
  (sections ?? []).slice(0, MAX_ENTRIES).flatMap(section => (section.rows ?? []).slice(0, MAX_ENTRIES))

export const template: FieldParser<Message['templateMessage'] & object> = part => {
  const hydrated = part.hydratedTemplate ?? part.hydratedFourRowTemplate
  if (hydrated) {
    const { hydratedTitleText, hydratedContentText, hydratedFooterText, hydratedButtons } = hydrated
    return {
      kind: 'menu',
      text: joinLines(hydratedTitleText, hydratedContentText, hydratedFooterText),
      details: joinTitles(hydratedButtons, ({ quickReplyButton, urlButton, callButton }) => {
        return (quickReplyButton ?? urlButton ?? callButton)?.displayText
      }),
    }
  }
  if (part.interactiveMessageTemplate) {
    const { interactiveMessageTemplate: within } = part
    return { ...parseInteractive(within), context: part.contextInfo ?? within.contextInfo ?? null }
  }
  const raw = part.fourRowTemplate
  return {
    kind: 'menu',
    text: joinLines(...[raw?.highlyStructuredMessage, raw?.content, raw?.footer].map(describeTemplateText)),
    details: joinTitles(raw?.buttons, ({ quickReplyButton, urlButton, callButton }) =>
      describeTemplateText((quickReplyButton ?? urlButton ?? callButton)?.displayText),
    ),
  }
}

export const highlyStructured: FieldParser<Message['highlyStructuredMessage'] & object> = (part, reading) =>
  part.hydratedHsm
    ? { context: part.hydratedHsm.contextInfo ?? null, ...(template(part.hydratedHsm, reading) ?? { kind: 'menu' }) }
    : { kind: 'menu', text: describeTemplateText(part), details: joinDetails(part.elementName) }

/** Returns the parameters of a business text. The text itself is stored only on the phone. */
function describeTemplateText(part: proto.Message.IHighlyStructuredMessage | null | undefined): string {
  if (!part) return ''
  const gaps = part.localizableParams?.map(gap => gap.default) ?? []
  return joinLines(...(gaps.some(Boolean) ? gaps : (part.params ?? [])))
}

export const interactive: FieldParser<Message['interactiveMessage'] & object> = part => parseInteractive(part)

function parseInteractive(part: proto.Message.IInteractiveMessage): ParsedField {
  const { header, body, footer, nativeFlowMessage: flow, carouselMessage: carousel } = part
  // Cards cannot contain cards.
  const cards = (carousel?.cards ?? []).slice(0, MAX_ENTRIES)
  const buttons = [flow, ...cards.map(card => card.nativeFlowMessage)].flatMap(each => each?.buttons ?? [])
  const titles = cards.map(card => joinLines(card.header?.title, card.body?.text))
  return {
    kind: 'menu',
    text: joinLines(header?.title, header?.subtitle, body?.text, ...titles, footer?.text),
    details: joinChoices(buttons.slice(0, MAX_ENTRIES).flatMap(button => buttonTitles(button.buttonParamsJson))),
  }
}

/** Returns the title of a button, or the titles of the rows that it shows. */
function buttonTitles(json: OptionalText): string[] {
  const { sections, ...button } = parseJsonObject(json)
  const rows = objectsIn(sections).flatMap(section => objectsIn(section.rows))
  const titles = rows.map(row => firstText(row, 'title', 'id'))
  return (titles.length ? titles : [buttonTitle(button)]).filter(Boolean)
}

const objectsIn = (list: unknown): Record<string, unknown>[] => (Array.isArray(list) ? list.filter(isRecord) : [])

const buttonTitleFromJson = (json: OptionalText): string => buttonTitle(parseJsonObject(json))

const buttonTitle = (button: Record<string, unknown>): string =>
  firstText(button, 'display_text', 'displayText', 'title', 'id')

export const buttonsResponse: FieldParser<Message['buttonsResponseMessage'] & object> = part => ({
  kind: 'choice',
  text: part.selectedDisplayText || part.selectedButtonId || '',
})

export const templateButtonReply: FieldParser<Message['templateButtonReplyMessage'] & object> = part => ({
  kind: 'choice',
  text: part.selectedDisplayText || part.selectedId || '',
})

export const listResponse: FieldParser<Message['listResponseMessage'] & object> = part => ({
  kind: 'choice',
  text: part.title || part.singleSelectReply?.selectedRowId || '',
  details: joinDetails(part.description),
})

export const interactiveResponse: FieldParser<Message['interactiveResponseMessage'] & object> = part => ({
  kind: 'choice',
  text: part.body?.text || buttonTitleFromJson(part.nativeFlowResponseMessage?.paramsJson),
})

export const order: FieldParser<Message['orderMessage'] & object> = part => ({
  kind: 'order',
  text: part.message ?? '',
  details: joinDetails(
    part.orderTitle,
    formatCount(part.itemCount, 'item'),
    formatAmount(part.totalAmount1000, part.totalCurrencyCode),
  ),
})

export const product: FieldParser<Message['productMessage'] & object> = ({ product: sold, catalog, body, footer }) => ({
  kind: 'product',
  text: joinLines(body, footer),
  details: joinDetails(
    sold?.title ?? catalog?.title,
    sold?.description ?? catalog?.description,
    formatAmount(sold?.salePriceAmount1000 ?? sold?.priceAmount1000, sold?.currencyCode),
  ),
})

export const paymentRequest: FieldParser<Message['requestPaymentMessage'] & object> = (part, reading) =>
  parsePayment(
    part.noteMessage,
    reading,
    formatMoney(part.amount) ?? formatAmount(part.amount1000, part.currencyCodeIso4217),
  )

export const paymentSent: FieldParser<Message['sendPaymentMessage'] & object> = (part, reading) =>
  parsePayment(part.noteMessage, reading, 'sent')

export const paymentDeclined = (): ParsedField => ({ kind: 'payment', details: 'declined' })

export const paymentCancelled = (): ParsedField => ({ kind: 'payment', details: 'cancelled' })

export const paymentInvited = (): ParsedField => ({ kind: 'payment', details: 'invited to pay here' })

export const invoice: FieldParser<Message['invoiceMessage'] & object> = part => ({
  kind: 'payment',
  text: part.note ?? '',
  details: 'invoice',
})

function parsePayment(
  note: proto.IMessage | null | undefined,
  reading: ParseContext,
  details: string | null,
): ParsedField {
  const words = note ? reading.parseInner(note) : null
  return { kind: 'payment', text: words?.text ?? '', details: joinDetails(details), context: words?.context ?? null }
}

/** One unit of the currency has `offset` parts. */
function formatMoney(money: proto.IMoney | null | undefined): string | null {
  const [value, offset] = [toInteger(money?.value), toInteger(money?.offset)]
  return value === null || !offset ? null : formatAmount(Math.round((value * 1000) / offset), money?.currencyCode)
}

function joinTitles<Choice>(all: Choice[] | null | undefined, textOf: (choice: Choice) => OptionalText): string {
  const told = (all ?? []).slice(0, MAX_ENTRIES).map(choice => textOf(choice) ?? '')
  return joinChoices(told.filter(Boolean))
}

import { proto } from 'baileys'

export type Field = keyof proto.IMessage

/** Messages that are nested deeper are not read. */
const MAX_DEPTH = 8

/** All fields of a message in this version of Baileys. */
export const FIELDS: readonly Field[] = (Object.keys(proto.Message.prototype) as Field[]).filter(
  field => typeof proto.Message.prototype[field] !== 'function',
)

/** Fields that contain only another message. WhatsApp uses them so that older clients can read new message types. */
export const WRAPPERS: ReadonlySet<Field> = new Set([
  ...FIELDS.filter(
    field => proto.Message.fromObject({ [field]: {} })[field] instanceof proto.Message.FutureProofMessage,
  ),
  'deviceSentMessage' as const,
])

export interface Unwrapped {
  /** The innermost message. */
  content: proto.IMessage
  /** The wrappers that were removed. */
  layers: ReadonlySet<Field>
  /** The context of each layer, from the outside in. */
  contextInfos: proto.IMessageContextInfo[]
  depth: number
}

/**
 * Removes the wrappers of a message. Returns null if they are too deep. `depth`: the depth of this message itself.
 */
export function unwrap(message: proto.IMessage, depth = 0): Unwrapped | null {
  const layers = new Set<Field>()
  const beside: proto.IMessageContextInfo[] = []
  for (let content = message; depth <= MAX_DEPTH; depth++) {
    if (content.messageContextInfo) beside.push(content.messageContextInfo)
    const wrapper = presentFields(content).find(field => messageInside(content, field))
    const inner = wrapper && messageInside(content, wrapper)
    if (!inner) return { content, layers, contextInfos: beside, depth }
    layers.add(wrapper)
    content = inner
  }
  return null
}

/** Returns the fields that the message has. */
export function presentFields(message: proto.IMessage): Field[] {
  return (Object.keys(message) as Field[]).filter(field => message[field] != null)
}

function messageInside(message: proto.IMessage, field: Field): proto.IMessage | undefined {
  if (!WRAPPERS.has(field)) return undefined
  const wrapper = message[field] as proto.Message.IFutureProofMessage
  return wrapper.message ?? undefined
}

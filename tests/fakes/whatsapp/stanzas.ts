/** Small words for WhatsApp's binary XML: build a stanza, look into one. */
import { randomBytes } from 'node:crypto'
import { getBinaryNodeChild, type BinaryNode } from 'baileys'

export const SERVER = 's.whatsapp.net'

export type Attributes = Record<string, string | undefined>

/** A node; attributes that are undefined are left out. */
export function stanza(tag: string, attrs: Attributes = {}, content?: BinaryNode['content']): BinaryNode {
  const present = Object.entries(attrs).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const node: BinaryNode = { tag, attrs: Object.fromEntries(present) }
  if (content !== undefined) node.content = content
  return node
}

/** The bytes of the child called `tag`. Throws when there is no such child or it holds something else. */
export function bytesOf(node: BinaryNode | undefined, tag: string): Buffer {
  const content = getBinaryNodeChild(node, tag)?.content
  if (typeof content === 'string') return Buffer.from(content)
  if (!(content instanceof Uint8Array)) throw new Error(`<${node?.tag}> has no bytes in <${tag}>`)
  return Buffer.from(content)
}

/** The node's own bytes. Throws when it has none. */
export function bytesIn(node: BinaryNode): Buffer {
  if (!(node.content instanceof Uint8Array)) throw new Error(`<${node.tag}> has no bytes`)
  return Buffer.from(node.content)
}

let secondsAhead = 0

/** The servers' and the phones' clocks go ahead of this machine's by so many seconds. */
export function setClock(ahead: number): void {
  secondsAhead = ahead
}

/** What the stanzas' `t` holds: seconds since 1970. */
export function unixTime(ageSeconds = 0): string {
  return String(Math.floor(Date.now() / 1000) + secondsAhead - ageSeconds)
}

/** For the facts handed to tests: seconds since 1970 with their fraction, comparable with Python's `time.time()`. */
export function clock(): number {
  return (performance.timeOrigin + performance.now()) / 1000
}

/** An id of the form that WhatsApp Web's clients use. */
export function newMessageId(): string {
  return '3EB0' + randomBytes(9).toString('hex').toUpperCase()
}

/** What a contact's phone tells of messages: that it has them, or that it could not read them. */
import { encodeBigEndian, type BinaryNode } from 'baileys'
import { deliver } from './delivery.ts'
import type { Network } from './network.ts'
import type { Person } from './people.ts'
import { stanza, unixTime } from './stanzas.ts'

export interface Receipt {
  /** Phone number of the account. */
  readonly to: string
  /** Phone number of whoever sends it. */
  readonly sender: string
  /** Of the messages that it speaks of, sent to whomever. */
  readonly ids: readonly string[]
  readonly type?: string
  /** The group that it comes from; without it the direct chat with the sender. */
  readonly group?: string
  readonly lid?: boolean
}

/** A contact sends a receipt of their own making. */
export function sendReceipt(network: Network, { to, sender, ids, type, group, lid = false }: Receipt): void {
  const person = network.people.person(sender)
  const [id = '', ...others] = ids
  const items = others.map(other => stanza('item', { id: other }))
  const list = items.length ? [stanza('list', {}, items)] : []
  const attrs = { id, ...origin(person.jid(lid), group), type, t: unixTime() }
  const parts = type === 'retry' ? [...list, ...wishFor(person, id, 1)] : list
  deliver(network.people.person(to).linked(), stanza('receipt', attrs, parts.length ? parts : undefined))
}

/** Whose phone it is: in a group the group, and the member. */
export function origin(jid: string, group: string | undefined) {
  return group ? { from: group, participant: jid } : { from: jid }
}

/** That this person's phone wants a message anew, for the `count`th time. */
export function wishFor({ signal }: Person, id: string, count: number): BinaryNode[] {
  return [
    stanza('retry', { count: String(count), id, t: unixTime(), v: '1' }),
    stanza('registration', {}, encodeBigEndian(signal.registrationId))
  ]
}

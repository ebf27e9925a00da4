/**
 * Who is online and who types: what a companion says of itself, and what it is told of others (Baileys Socket/chats.js
 * `sendPresenceUpdate`, `presenceSubscribe`, `handlePresenceUpdate`). Nothing of it is kept for whoever is away.
 */
import type { BinaryNode } from 'baileys'
import type { Connection } from './connection.ts'
import { Refusal } from './errors.ts'
import type { Network } from './network.ts'
import type { Person } from './people.ts'
import { stanza } from './stanzas.ts'

export interface Typing {
  /** Phone number of the account. */
  readonly to: string
  /** Phone number of whoever types. */
  readonly sender: string
  readonly state: 'composing' | 'recording' | 'paused'
  readonly group?: string
  /** Whether the sender goes by LID; in a group the group decides. */
  readonly lid?: boolean
}

/** Whom a connection is told of, and whether it is: only while it calls itself online. */
export class Sight {
  online = false
  /** Phone numbers and groups' ids. */
  readonly watched = new Set<string>()
}

/** A presence without a type is one of somebody who is online, as Baileys reads one itself. */
export function takePresence(connection: Connection, account: Person, { attrs }: BinaryNode): void {
  const { network, sight } = connection
  const { to, type } = attrs
  if (type === 'subscribe' && to) {
    const group = network.groups.get(to)
    sight.watched.add(group ? group.id : network.people.named(to).person.phone)
    if (!group) connection.sendLive(stanza('presence', { from: to, type: 'unavailable', last: 'deny' }))
  } else {
    sight.online = type !== 'unavailable'
  }
  network.note('presence', { phone: account.phone, type: type ?? 'none', to })
}

export function takeChatState({ network }: Connection, account: Person, { attrs, content }: BinaryNode): void {
  const [state] = Array.isArray(content) ? content : []
  network.note('chatstate', { phone: account.phone, to: attrs.to, child: state?.tag })
}

/** A phone begins or ends to type. `seen`: whether the account's companion is told. */
export function type(network: Network, { to, sender, state, group, lid = false }: Typing): { seen: boolean } {
  const account = network.people.person(to)
  const typist = network.people.person(sender)
  const { connection } = account.linked()
  const room = group === undefined ? undefined : network.groups.get(group)
  if (group !== undefined && !room) throw new Refusal(`there is no group ${group}`)
  const { online = false, watched } = connection?.sight ?? {}
  const seen = typist !== account && online && watched?.has(group ?? sender) === true
  if (seen) {
    const from = room ? { from: room.id, participant: typist.jid(room.lid) } : { from: typist.jid(lid) }
    const child = state === 'recording' ? stanza('composing', { media: 'audio' }) : stanza(state)
    connection?.sendLive(stanza('chatstate', from, [child]))
  }
  network.note('typing', { phone: to, sender, group, state, seen })
  return { seen }
}

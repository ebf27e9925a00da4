/** Groups, and what a companion is told about them (Baileys Socket/groups.js `extractGroupMetadata`). */
import type { BinaryNode } from 'baileys'
import { deliver } from './delivery.ts'
import { Refusal } from './errors.ts'
import type { Network } from './network.ts'
import { newMessageId, stanza, unixTime } from './stanzas.ts'

export interface Group {
  /** `...@g.us` */
  readonly id: string
  readonly subject: string
  /** Phone numbers; the first one founded it. */
  readonly members: readonly string[]
  /** Whether its members go by LID, as in groups of today, or by phone number, as in old ones. */
  readonly lid: boolean
  /** Whose phones are on; without it everybody's. */
  readonly readers?: readonly string[]
}

export function groupStanza(network: Network, group: Group): BinaryNode {
  const members = group.members.map(phone => network.people.person(phone))
  const attrs = {
    id: group.id.replace('@g.us', ''),
    subject: group.subject,
    s_t: unixTime(),
    creation: unixTime(),
    creator: members[0]?.jid(group.lid),
    addressing_mode: group.lid ? 'lid' : 'pn'
  }
  const participants = members.map(person =>
    group.lid
      ? stanza('participant', { jid: person.lidJid, phone_number: person.phoneJid })
      : stanza('participant', { jid: person.phoneJid, lid: person.lidJid })
  )
  return stanza('group', attrs, participants)
}

export function groupsOf(network: Network, phone: string): Group[] {
  return [...network.groups.values()].filter(group => group.members.includes(phone))
}

export interface Renaming {
  /** Phone number of the account that is told. */
  readonly to: string
  readonly id: string
  readonly sender: string
  readonly subject: string
}

/** A member gives it another name, of which the account's companion is told (messages-recv.js `handleGroupNotification`). */
export function renameGroup(network: Network, { to, id, sender, subject }: Renaming): void {
  const group = network.groups.get(id)
  if (!group) throw new Refusal(`there is no group ${id}`)
  network.groups.set(id, { ...group, subject })
  const member = network.people.person(sender)
  const attrs = { from: id, participant: member.jid(group.lid), type: 'w:gp2', id: newMessageId(), t: unixTime() }
  const change = stanza('subject', { subject, s_t: unixTime(), s_o: member.jid(group.lid) })
  deliver(network.people.person(to).linked(), stanza('notification', attrs, [change]))
}

/**
 * What people and the owner write, as their phones encrypt it and the server hands it to the linked companion. The
 * envelope is the one that Baileys Utils/decode-wa-message.js `decodeMessageNode` and `extractAddressingContext` read:
 * a person stands in it by phone number or by LID, with the other name in `sender_*`, `participant_*` or
 * `peer_recipient_*`.
 */
import { getBinaryNodeChildren, proto, type BinaryNode } from 'baileys'
import { compose, describe, type Composed, type Content } from './content.ts'
import { deliver } from './delivery.ts'
import { Refusal } from './errors.ts'
import type { Network } from './network.ts'
import type { Companion, Person } from './people.ts'
import { bytesIn, clock, newMessageId, stanza, unixTime, type Attributes } from './stanzas.ts'

const STATUS = 'status@broadcast'

interface Envelope {
  readonly id?: string
  /** Whether the other side goes by LID; in a group the group decides. */
  readonly lid?: boolean
  /** Seconds in the past. */
  readonly age?: number
  /** Its first ciphertext cannot be read, so that the companion asks for it anew; `forever`: none can. */
  readonly garbled?: boolean | 'forever'
  /** Attributes that its stanza gets in place of its own; null: it has none of that name. */
  readonly stanza?: Readonly<Record<string, string | null>>
  /** In place of a content it says that there is none for companions, such as `view_once`. */
  readonly unavailable?: string
}

export interface Saying extends Content, Envelope {
  /** Phone number of the account. */
  readonly to: string
  /** Phone number of whoever writes; the account's own for what its owner writes in a group. */
  readonly sender: string
  /** A group's id, or `status@broadcast`; without it a direct message. */
  readonly group?: string
  readonly name?: string
}

export interface OwnerSaying extends Content, Envelope {
  readonly phone: string
  /** Phone number of the contact; the owner's own for a note to themselves. */
  readonly to: string
}

export interface Broadcast extends Content, Envelope {
  readonly phone: string
  /** `...@broadcast`, a list of the owner's. */
  readonly list: string
  /** Phone numbers of those in the list. */
  readonly recipients: readonly string[]
}

export interface Post {
  readonly to: string
  /** `...@newsletter` */
  readonly newsletter: string
  readonly text: string
  readonly id?: string
}

export interface Sent {
  readonly id: string
  readonly at: number
}

/** A contact writes to the account, directly, in a group or as a status post. */
export async function say(network: Network, saying: Saying): Promise<Sent> {
  const account = network.people.person(saying.to)
  const companion = account.linked()
  const sender = network.people.person(saying.sender)
  const { id = newMessageId(), group } = saying
  const asLid = group && group !== STATUS ? groupOf(network, group).lid : (saying.lid ?? false)
  const composed = composeFor(network, saying, {
    chat: group ?? account.jid(asLid),
    isGroup: group !== undefined,
    asLid,
    author: sender,
    other: account
  })
  const other = asLid ? { pn: sender.phoneJid } : { lid: sender.lidJid }
  const attrs: Attributes = {
    ...attributes(saying, composed, id, asLid),
    notify: saying.name ?? sender.phone,
    ...(group
      ? { from: group, participant: sender.jid(asLid), participant_pn: other.pn, participant_lid: other.lid }
      : { from: sender.jid(asLid), sender_pn: other.pn, sender_lid: other.lid })
  }
  network.note('said', { phone: account.phone, sender: sender.phone, group, id })
  const seal = group
    ? sealForGroup(sender, companion, group, attrs, composed)
    : sealDirect(sender, companion, attrs, composed)
  return hand(companion, sender, disturbed(saying, seal), id)
}

/** The owner writes on their own phone; the companion learns of it by a copy (`deviceSentMessage`). */
export async function ownerSays(network: Network, saying: OwnerSaying): Promise<Sent> {
  const owner = network.people.person(saying.phone)
  const companion = owner.linked()
  const contact = network.people.person(saying.to)
  const { id = newMessageId(), lid: asLid = false } = saying
  const chat = contact.jid(asLid)
  const composed = composeFor(network, saying, { chat, isGroup: false, asLid, author: owner, other: contact })
  const copy = { ...composed, message: { deviceSentMessage: { destinationJid: chat, message: composed.message } } }
  const attrs: Attributes = {
    ...attributes(saying, composed, id, asLid),
    notify: owner.phone,
    from: owner.jid(asLid),
    recipient: chat,
    peer_recipient_pn: asLid ? contact.phoneJid : undefined,
    peer_recipient_lid: asLid ? undefined : contact.lidJid
  }
  network.note('owner-said', { phone: owner.phone, to: contact.phone, id })
  const shown = describe(composed.message)
  if (contact !== owner && shown) contact.receive({ id, sender: owner.phone, ...shown, by: 'owner', at: clock() })
  const seal = sealDirect(owner, companion, attrs, copy)
  return hand(companion, owner, disturbed(saying, seal), id)
}

/**
 * The owner writes to a broadcast list on their own phone: each in it gets a direct message, and the companion one copy
 * that names them all (whatsmeow message.go `parseMessageSource`).
 */
export async function ownerBroadcasts(network: Network, saying: Broadcast): Promise<Sent> {
  const owner = network.people.person(saying.phone)
  const companion = owner.linked()
  const { id = newMessageId(), lid: asLid = false, list } = saying
  const composed = composeFor(network, saying, { chat: list, isGroup: false, asLid, author: owner, other: owner })
  const copy = { ...composed, message: { deviceSentMessage: { destinationJid: list, message: composed.message } } }
  const attrs: Attributes = {
    ...attributes(saying, composed, id, asLid),
    notify: owner.phone,
    from: list,
    participant: owner.jid(asLid)
  }
  const shown = describe(composed.message)
  const named = saying.recipients.map(phone => {
    const person = network.people.person(phone)
    network.note('owner-said', { phone: owner.phone, to: phone, id })
    if (shown) person.receive({ id, sender: owner.phone, ...shown, by: 'owner', at: clock() })
    const other = asLid ? { peer_recipient_pn: person.phoneJid } : { peer_recipient_lid: person.lidJid }
    return stanza('to', { jid: person.jid(asLid), ...other })
  })
  const seal = async () => {
    const ciphertext = await encFor(owner, companion, copy)
    return stanza('message', attrs, [ciphertext, stanza('participants', {}, named)])
  }
  return hand(companion, owner, disturbed(saying, seal), id)
}

/** A newsletter's post: in plain text, as the server itself can read it (messages-recv.js `handleMessage`). */
export function post(network: Network, { to, newsletter, text, id = newMessageId() }: Post): Sent {
  const content = proto.Message.encode({ conversation: text }).finish()
  const attrs = { from: newsletter, id, server_id: '100', t: unixTime(), type: 'text' }
  deliver(network.people.person(to).linked(), stanza('message', attrs, [stanza('plaintext', {}, content)]))
  return { id, at: clock() }
}

async function hand(companion: Companion, sender: Person, seal: () => Promise<BinaryNode>, id: string): Promise<Sent> {
  await companion.ready
  return sender.turns.take(async () => {
    deliver(companion, await seal(), () => sender.turns.take(afresh(sender, companion, seal)))
    return { id, at: clock() }
  })
}

function disturbed(saying: Envelope, seal: () => Promise<BinaryNode>): () => Promise<BinaryNode> {
  const sealed = saying.garbled ? garbled(seal, saying.garbled === 'forever') : seal
  return async () => {
    const node = saying.unavailable
      ? { ...(await sealed()), content: [stanza('unavailable', { type: saying.unavailable })] }
      : await sealed()
    const attrs = Object.entries({ ...node.attrs, ...saying.stanza }).filter(([, value]) => value !== null)
    return { ...node, attrs: Object.fromEntries(attrs) as Record<string, string> }
  }
}

function garbled(seal: () => Promise<BinaryNode>, forever: boolean): () => Promise<BinaryNode> {
  let garbles = true
  return async () => {
    const node = await seal()
    if (!garbles) return node
    garbles = forever
    for (const part of getBinaryNodeChildren(node, 'enc')) part.content = withWrongProof(bytesIn(part))
    return node
  }
}

/**
 * In each kind of ciphertext the eighth byte from its end belongs to the proof of its integrity. Behind that, a message
 * that begins a session ('pkmsg') has up to five more, which Baileys does not need to read it.
 */
function withWrongProof(ciphertext: Buffer): Buffer {
  const place = ciphertext.length - 8
  ciphertext.writeUInt8(ciphertext.readUInt8(place) ^ 1, place)
  return ciphertext
}

/** Seal again, in a new session and with the sender key, for a companion that could not read the first one. */
function afresh(sender: Person, companion: Companion, seal: () => Promise<BinaryNode>): () => Promise<BinaryNode> {
  return async () => {
    await sender.signal.forgetSession(companion.lidJid)
    for (const known of companion.senderKeys)
      if (known.startsWith(`${sender.phone} `)) companion.senderKeys.delete(known)
    return seal()
  }
}

function sealDirect(
  sender: Person,
  companion: Companion,
  attrs: Attributes,
  composed: Composed
): () => Promise<BinaryNode> {
  return async () => stanza('message', attrs, [await encFor(sender, companion, composed)])
}

/** Once for everybody under the sender's key, and that key for the companion if it has not got it yet. */
function sealForGroup(
  sender: Person,
  companion: Companion,
  group: string,
  attrs: Attributes,
  { message, mediaType }: Composed
): () => Promise<BinaryNode> {
  return async () => {
    const { ciphertext, senderKey } = await sender.signal.encryptForGroup(group, sender.lidJid, message)
    const parts = [stanza('enc', { v: '2', type: 'skmsg', mediatype: mediaType }, ciphertext)]
    const given = `${sender.phone} ${group}`
    if (!companion.senderKeys.has(given)) {
      companion.senderKeys.add(given)
      const introduction: proto.IMessage = {
        senderKeyDistributionMessage: { groupId: group, axolotlSenderKeyDistributionMessage: senderKey }
      }
      parts.unshift(await encFor(sender, companion, { message: introduction, type: 'text' }))
    }
    return stanza('message', attrs, parts)
  }
}

async function encFor(sender: Person, companion: Companion, { message, mediaType }: Composed): Promise<BinaryNode> {
  const { type, ciphertext } = await sender.signal.encrypt(companion.lidJid, message, () => companion.takeBundle())
  return stanza('enc', { v: '2', type, mediatype: mediaType }, ciphertext)
}

function attributes({ age = 0 }: Envelope, { type, edit }: Composed, id: string, asLid: boolean): Attributes {
  return { id, t: unixTime(age), type, edit, addressing_mode: asLid ? 'lid' : 'pn' }
}

interface Chat {
  readonly chat: string
  readonly isGroup: boolean
  readonly asLid: boolean
  readonly author: Person
  readonly other: Person
}

function composeFor(network: Network, content: Content, { chat, isGroup, asLid, author, other }: Chat): Composed {
  const jid = (phone: string) => network.people.person(phone).jid(asLid)
  const ownTarget = content.kind === 'edit' || content.kind === 'revoke'
  const targetSender = content.target_sender ?? (ownTarget ? author.phone : other.phone)
  return compose(content, {
    chat,
    isGroup,
    targetSender: jid(targetSender),
    targetIsOwn: targetSender === author.phone,
    mentions: (content.mentions ?? []).map(jid)
  })
}

function groupOf(network: Network, id: string) {
  const group = network.groups.get(id)
  if (!group) throw new Refusal(`there is no group ${id}`)
  return group
}

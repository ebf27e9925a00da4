/** What a phone tells its companion of the past, once it is linked: in chunks, deflated, inline or in files. */
import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { aesEncrypWithIV, getMediaKeys, hmacSign, proto, type BinaryNode } from 'baileys'
import { deliver } from './delivery.ts'
import type { Network } from './network.ts'
import type { Companion, Person } from './people.ts'
import { newMessageId, stanza, unixTime } from './stanzas.ts'

type Chunk = 'INITIAL_BOOTSTRAP' | 'RECENT' | 'PUSH_NAME' | 'NON_BLOCKING_DATA'

/** A chat as it was. */
export interface Past {
  readonly phone: string
  /** A phone number, or a group's id. */
  readonly contact: string
  /** What the phone calls the chat. */
  readonly name?: string
  readonly messages: readonly { readonly id: string; readonly text: string }[]
}

/** What somebody calls themselves. */
export interface PushName {
  readonly contact: string
  readonly name: string
  /** The phone knows them by LID, and tells by itself whose number that is. */
  readonly lid?: boolean
}

/** What a phone knows before it is linked. */
export interface Memory {
  readonly phone: string
  readonly chats: readonly Omit<Past, 'phone'>[]
  readonly names: readonly PushName[]
  /** It uploads what it tells, in place of sending it along. */
  readonly uploads?: boolean
}

/**
 * A new companion waits up to 20 s for its phone's chat history before it shows any event (Baileys chats.js
 * `AwaitingInitialSync`); a phone without a past sends an empty one. The chunks are those that Baileys Utils/history.js
 * `processHistoryMessage` reads: chats with their names and messages, what people call themselves, who is who.
 */
export async function sendHistory(network: Network, owner: Person, companion: Companion): Promise<void> {
  const { chats = [], names = [], uploads = false } = owner.memory ?? {}
  const place = uploads ? network.media : undefined
  const conversations = chats.map(chat => conversation(network, chat))
  companion.connection?.sendLive(await seal(owner, companion, 'INITIAL_BOOTSTRAP', { conversations }, place))
  if (!names.length) return
  const people = names.map(({ contact, name, lid = false }) => ({ person: network.people.person(contact), name, lid }))
  const lids = people.filter(({ lid }) => lid).map(({ person }) => ({ pnJid: person.phoneJid, lidJid: person.lidJid }))
  const pushnames = people.map(({ person, name, lid }) => ({ id: person.jid(lid), pushname: name }))
  deliver(companion, await seal(owner, companion, 'NON_BLOCKING_DATA', { phoneNumberToLidMappings: lids }, place))
  deliver(companion, await seal(owner, companion, 'PUSH_NAME', { pushnames }, place))
}

/** The owner's phone tells of a chat as it was: such messages the companion may have had, or not. */
export async function tellHistory(network: Network, { phone, ...past }: Past): Promise<void> {
  const owner = network.people.person(phone)
  const companion = owner.linked()
  const conversations = [conversation(network, past)]
  deliver(companion, await seal(owner, companion, 'RECENT', { conversations }))
}

function conversation(network: Network, { contact, name, messages }: Omit<Past, 'phone'>): proto.IConversation {
  const group = network.groups.get(contact)
  const remoteJid = group ? group.id : network.people.person(contact).phoneJid
  return {
    id: remoteJid,
    ...(name === undefined ? {} : { name }),
    messages: messages.map(({ id, text }) => ({
      message: {
        key: { remoteJid, fromMe: false, id },
        message: { conversation: text },
        messageTimestamp: Number(unixTime())
      }
    }))
  }
}

async function seal(
  owner: Person,
  companion: Companion,
  chunk: Chunk,
  content: Omit<proto.IHistorySync, 'syncType'>,
  place?: Map<string, Buffer>
): Promise<BinaryNode> {
  const syncType = proto.HistorySync.HistorySyncType[chunk]
  const history = deflateSync(proto.HistorySync.encode({ syncType, ...content, progress: 100 }).finish())
  const message: proto.IMessage = {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        syncType: proto.Message.HistorySyncType[chunk],
        chunkOrder: 1,
        progress: 100,
        ...(place ? await upload(place, history) : { initialHistBootstrapInlinePayload: history })
      }
    }
  }
  const attrs = { from: owner.phoneJid, id: newMessageId(), t: unixTime(), type: 'text', category: 'peer' }
  await companion.ready
  return owner.turns.take(async () => {
    const { type, ciphertext } = await owner.signal.encrypt(companion.lidJid, message, () => companion.takeBundle())
    return stanza('message', attrs, [stanza('enc', { v: '2', type }, ciphertext)])
  })
}

/** Encrypted as all of WhatsApp's files are (Baileys messages-media.js `downloadEncryptedContent`). */
async function upload(place: Map<string, Buffer>, content: Buffer): Promise<proto.Message.IHistorySyncNotification> {
  const mediaKey = randomBytes(32)
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, 'md-msg-hist')
  const sealed = aesEncrypWithIV(content, Buffer.from(cipherKey), Buffer.from(iv))
  const proof = hmacSign(Buffer.concat([iv, sealed]), macKey ?? iv).subarray(0, 10)
  const directPath = `/v/${randomBytes(12).toString('hex')}`
  place.set(directPath, Buffer.concat([sealed, proof]))
  return { mediaKey, directPath, fileLength: content.length }
}

/** What the owner saves in the phone's address book, and how the companion hears of it. */
import { proto } from 'baileys'
import { COLLECTION, type AddressBook } from './address_book.ts'
import { ownerSays } from './messages.ts'
import type { Network } from './network.ts'
import { newMessageId, SERVER, stanza, unixTime } from './stanzas.ts'

export interface Contact {
  readonly phone: string
  readonly contact: string
  readonly name: string
}

/** The owner saves somebody on the phone; its companion gets the key with the first, and hears that there is more. */
export async function saveContact(network: Network, { phone, contact, name }: Contact): Promise<void> {
  const owner = network.people.person(phone)
  const book = owner.addressBook
  await book.save(network.people.person(contact).phoneJid, name)
  const companion = owner.linked()
  if (!companion.hasBookKey) {
    companion.hasBookKey = true
    const keys = [{ keyId: { keyId: book.keyId.toString('base64') }, keyData: keyShared(book) }]
    const type = proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE
    await ownerSays(network, { phone, to: phone, raw: { protocolMessage: { type, appStateSyncKeyShare: { keys } } } })
    return
  }
  const attrs = { from: `@${SERVER}`, type: 'server_sync', id: newMessageId(), t: unixTime() }
  companion.connection?.sendLive(stanza('notification', attrs, [stanza('collection', { name: COLLECTION })]))
}

function keyShared({ keyData }: AddressBook) {
  return { ...keyData, keyData: keyData.keyData.toString('base64') }
}

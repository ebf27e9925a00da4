import assert from 'node:assert/strict'
import { createCipheriv, createHash, hkdfSync } from 'node:crypto'
import { describe, it } from 'node:test'

import { proto } from 'baileys'

import { BoundedCache } from '../src/common/bounded-cache.ts'
import { GroupMetadataCache } from '../src/connection/group-metadata.ts'
import { MessageLookups } from '../src/connection/message-lookups.ts'
import { toInboundMessage } from '../src/content/inbound-message.ts'
import { decryptAddon, findEncryptedAddon } from '../src/content/message-secrets.ts'
import { Failure, type KnownMessage } from '../src/protocol.ts'
import { ANN, ANNS_LID, AROUND, BOB, GROUP, inGroup, ME, MY_LID } from './helpers/messages.ts'

const SECRET = Buffer.alloc(32, 7)
const IV = Buffer.alloc(12, 1)
const EDIT = proto.Message.SecretEncryptedMessage.SecretEncType
const { MESSAGE_EDIT, REVOKE } = proto.Message.ProtocolMessage.Type

/** As phones do it, by Node's own HKDF. */
function seal(use: string, plain: Uint8Array, author: string, sender: string, target = 'OLD') {
  const key = hkdfSync('sha256', SECRET, Buffer.alloc(32), target + author + sender + use, 32)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key), IV)
  if (use === 'Poll Vote' || use === 'Event Response') cipher.setAAD(Buffer.from(`${target}\0${sender}`))
  const encPayload = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return { encPayload, encIv: IV }
}

const plain = (message: proto.IMessage): Uint8Array => proto.Message.encode(message).finish()

function edited(message: proto.IMessage, author = ANNS_LID, sender = author, type: number = EDIT.MESSAGE_EDIT) {
  const use = type === (EDIT.EVENT_EDIT as number) ? 'Event Edit' : 'Message Edit'
  const box = seal(use, plain(message), author, sender)
  return { secretEncryptedMessage: { targetMessageKey: { id: 'OLD', fromMe: true }, secretEncType: type, ...box } }
}

const vote = (...names: string[]): Uint8Array => {
  const selectedOptions = names.map(name => createHash('sha256').update(name).digest())
  return proto.Message.PollVoteMessage.encode({ selectedOptions }).finish()
}

interface World {
  known?: KnownMessage | null | Failure
  admins?: string[]
  mappings?: Record<string, string>
}

/** What an account and its connection know, and what they were asked. */
function world({ known = null, admins, mappings = {} }: World) {
  const asked: unknown[] = []
  const metadata = { id: GROUP, owner: undefined, subject: 'Hiking' }
  const wire = {
    signalRepository: {
      lidMapping: {
        getPNsForLIDs: (lids: string[]) =>
          Promise.resolve(lids.filter(lid => mappings[lid]).map(lid => ({ lid, pn: mappings[lid] ?? '' }))),
      },
    },
    authState: { keys: { get: () => Promise.resolve(mappings as never) } },
  }
  const groups = new GroupMetadataCache(new BoundedCache(20, 3600), (group: string) => {
    asked.push(group)
    if (!admins) return Promise.reject(new Error('offline'))
    return Promise.resolve({ ...metadata, participants: admins.map(id => ({ id, admin: 'admin' as const })) })
  })
  const account = {
    request: (request: unknown) => {
      asked.push(request)
      return known instanceof Failure ? Promise.reject(known) : Promise.resolve(known)
    },
  }
  const lookups = new MessageLookups(account, wire, groups, new AbortController().signal)
  const told = async (message: proto.IMessage, key: proto.IMessageKey = {}) => {
    const full = { key: { remoteJid: ANN, fromMe: false, id: 'NEW', ...key }, messageTimestamp: 1_796_000_000, message }
    const shape = toInboundMessage(full, await lookups.addContext(full, AROUND))
    assert(shape)
    return lookups.addAliases(shape)
  }
  return { told, asked }
}

const KNOWN = { secret: SECRET.toString('base64'), details: '' }

describe('an edit that is encrypted with the secret of its message', () => {
  it('is read as any other edit', async () => {
    const { told, asked } = world({ known: KNOWN })
    const key = { id: 'OLD', fromMe: true }
    const within = { protocolMessage: { type: MESSAGE_EDIT, key, editedMessage: { conversation: 'on Saturday' } } }
    for (const message of [within, { conversation: 'on Saturday' }]) {
      const shape = await told({ ephemeralMessage: { message: edited(message) } })
      assert.deepEqual([shape.kind, shape.text, shape.answerable], ['text', 'on Saturday', true])
      assert.deepEqual(shape.changes, { message_id: 'OLD', how: 'edit', by_admin: false, author: null })
    }
    const [chat, author] = [
      [ANN, ANNS_LID],
      [ANN, ANNS_LID],
    ]
    assert.deepEqual(asked[0], { type: 'message_secret', message_id: 'OLD', chat, author })
  })

  it('is read by whichever of its sender’s names it was encrypted with', async () => {
    const { told } = world({ known: KNOWN })
    assert.equal((await told(edited({ conversation: 'x' }, ANN))).text, 'x')
    const moved = { eventMessage: { name: 'Dinner', startTime: 1_795_975_200 } }
    const shape = await told(edited(moved, ANN, ANN, EDIT.EVENT_EDIT))
    assert.deepEqual([shape.kind, shape.text, shape.details], ['event', 'Dinner', '2026-11-29T18:00Z'])
  })

  it('of another’s message is not read', async () => {
    const { told } = world({ known: KNOWN })
    for (const message of [edited({ conversation: 'x' }, BOB, ANN), edited({ conversation: 'x' }, BOB)]) {
      const shape = await told(message)
      assert.deepEqual([shape.kind, shape.text, shape.changes?.message_id], ['unreadable', '', 'OLD'])
    }
  })

  it('is told of where nobody knows the secret, or it is another', async () => {
    const refused = new Failure('refused', 'no such request')
    for (const known of [null, { secret: null, details: '' }, { ...KNOWN, secret: 'AAAA' }, refused]) {
      assert.equal((await world({ known }).told(edited({ conversation: 'x' }))).kind, 'unreadable')
    }
  })

  it('is nothing that is opened where its parts are no such parts', () => {
    const box = findEncryptedAddon(edited({ conversation: 'x' }))
    assert(box)
    const secret = { secret: SECRET, details: '' }
    for (const payload of [new Uint8Array(), new Uint8Array(3), new Uint8Array(32)]) {
      assert.equal(decryptAddon({ ...box, payload }, secret, [ANN], [ANN]), null)
    }
    assert.equal(decryptAddon({ ...box, iv: new Uint8Array() }, secret, [ANN], [ANN]), null)
    assert.equal(decryptAddon(box, { ...secret, secret: new Uint8Array(31) }, [ANN], [ANNS_LID]), null)
    assert.equal(findEncryptedAddon({ secretEncryptedMessage: {} }), null)
  })
})

describe('a vote', () => {
  const known = { ...KNOWN, details: 'Pizza / Sushi / and // or' }
  const update = (box: object): proto.IMessage => ({
    pollUpdateMessage: { pollCreationMessageKey: { id: 'OLD', remoteJid: GROUP, participant: BOB }, vote: box },
  })

  it('is the options that it chose, by the names that the poll gave them', async () => {
    const { told } = world({ known, mappings: { 'no-lid': '' } })
    const shape = await told(update(seal('Poll Vote', vote('Sushi', 'and / or', 'newer'), BOB, ANN)), inGroup)
    assert.deepEqual([shape.kind, shape.text, shape.quotes], ['poll_vote', 'Sushi, and / or', 'OLD'])
    assert.deepEqual([shape.answerable, shape.note], [false, 'poll_vote'])
  })

  it('in a poll of the account’s own, or of a LID that is known by its number, is read too', async () => {
    const { told } = world({ known, mappings: { '49300': '700' } })
    for (const author of [ME, MY_LID, '700@lid']) {
      const box = seal('Poll Vote', vote('Pizza'), author, ANNS_LID)
      assert.equal((await told(update(box), inGroup)).text, 'Pizza', author)
    }
  })

  it('that chose nothing, or cannot be read, has no words', async () => {
    for (const box of [seal('Poll Vote', vote(), BOB, ANN), seal('Poll Vote', vote('Pizza'), BOB, BOB)]) {
      assert.equal((await world({ known }).told(update(box), inGroup)).text, '')
    }
  })
})

describe('other answers that are encrypted', () => {
  it('to an event say whether somebody comes', async () => {
    const { MAYBE } = proto.Message.EventResponseMessage.EventResponseType
    const response = proto.Message.EventResponseMessage.encode({ response: MAYBE, extraGuestCount: 2 }).finish()
    const box = seal('Event Response', response, ME, ANN)
    const { told } = world({ known: KNOWN })
    const shape = await told({ encEventResponseMessage: { eventCreationMessageKey: { id: 'OLD' }, ...box } })
    assert.deepEqual([shape.kind, shape.text, shape.details], ['event_response', 'maybe', '2 more guests'])
  })

  it('are reactions and comments as others are', async () => {
    const { told } = world({ known: KNOWN })
    const targetMessageKey = { id: 'OLD', participant: BOB }
    const emoji = proto.Message.ReactionMessage.encode({ text: '👎' }).finish()
    const reaction = await told({ encReactionMessage: { targetMessageKey, ...seal('Enc Reaction', emoji, BOB, ANN) } })
    assert.deepEqual([reaction.kind, reaction.text, reaction.reacts_to], ['reaction', '👎', 'OLD'])
    const box = seal('Enc Comment', plain({ conversation: 'nice' }), BOB, ANN)
    const comment = await told({ encCommentMessage: { targetMessageKey, ...box } })
    assert.deepEqual([comment.kind, comment.text, comment.quotes], ['text', 'nice', 'OLD'])
  })
})

describe('what is looked up of others', () => {
  const deletion: proto.IMessage = { protocolMessage: { type: REVOKE, key: { id: 'OLD', participant: BOB } } }

  it('is whether a sender administrates the group, where they delete what another wrote', async () => {
    const byAdmin = async (who: World) => (await world(who).told(deletion, inGroup)).changes?.by_admin
    assert.equal(await byAdmin({ admins: [BOB, ANN] }), true)
    assert.equal(await byAdmin({ admins: [ANNS_LID] }), true)
    assert.equal(await byAdmin({ admins: [BOB] }), false)
    assert.equal(await byAdmin({}), false)
  })

  it('is asked of WhatsApp for nothing else', async () => {
    const { told, asked } = world({ admins: [ANN] })
    await told({ conversation: 'hi' }, inGroup)
    await told({ protocolMessage: { type: REVOKE, key: { id: 'OLD', fromMe: true, participant: ANN } } }, inGroup)
    await told(deletion)
    assert.deepEqual(asked, [])
    await told(deletion, inGroup)
    await told(deletion, inGroup)
    assert.deepEqual(asked, [GROUP])
  })

  it('is the other name of whoever is mentioned or quoted', async () => {
    const { told } = world({ mappings: { '700@lid': '49400:0@s.whatsapp.net', '49300': '600' } })
    const contextInfo = {
      mentionedJid: ['700@lid', BOB, '1@lid'],
      stanzaId: 'Q',
      participant: BOB,
      quotedMessage: { conversation: 'x' },
    }
    const shape = await told({ extendedTextMessage: { text: 'hi', contextInfo } }, inGroup)
    assert.deepEqual(
      shape.mentions.map(({ alt }) => alt),
      ['49400@s.whatsapp.net', '600@lid', null],
    )
    assert.equal(shape.quoted?.sender_alt, '600@lid')
  })
})

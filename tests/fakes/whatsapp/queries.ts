/** Answers to a client's `iq` questions, by namespace; what no test cares about gets an empty result. */
import { getBinaryNodeChild, getBinaryNodeChildren, jidNormalizedUser, type BinaryNode } from 'baileys'
import type { Connection } from './connection.ts'
import { groupsOf, groupStanza } from './groups.ts'
import { bundleStanza, UploadedKeys } from './keys.ts'
import { unlink } from './pairing.ts'
import { takeCompanionFinish, takeCompanionHello } from './pairing_code.ts'
import type { Person } from './people.ts'
import { bytesIn, SERVER, stanza } from './stanzas.ts'

export interface Answer {
  readonly content?: BinaryNode[]
  readonly error?: BinaryNode
}

const DONE: Answer = {}

const handlers: Record<string, (connection: Connection, query: BinaryNode) => Answer | Promise<Answer>> = {
  encrypt: answerKeys,
  usync: answerUsync,
  'w:g2': answerGroups,
  'w:sync:app:state': answerAppState,
  md: answerDevices,
  passive: becomeLive,
  privacy: answerPrivacy,
  'urn:xmpp:whatsapp:dirty': cleanGroups,
  abt: () => ({ content: [stanza('props', { hash: 'none' }, [])] }),
  blocklist: () => ({ content: [stanza('list', {}, [])] })
}

export async function answerQuery(connection: Connection, query: BinaryNode): Promise<Answer> {
  return (await handlers[query.attrs.xmlns ?? '']?.(connection, query)) ?? DONE
}

/**
 * A companion counts, uploads, checks and rotates its own keys (socket.js `uploadPreKeysToServerIfRequired`,
 * `digestKeyBundle`, `rotateSignedPreKey`) and asks for those of others (messages-send.js `assertSessions`).
 */
async function answerKeys({ network, account }: Connection, query: BinaryNode): Promise<Answer> {
  const companion = account?.companion
  if (!companion) return DONE
  const [task] = Array.isArray(query.content) ? query.content : []
  switch (task?.tag) {
    case 'key': {
      const wanted = getBinaryNodeChildren(task, 'user').map(user => user.attrs.jid ?? '')
      const bundles = await Promise.all(
        wanted.map(async jid => bundleStanza(jid, await network.people.named(jid).person.signal.issueBundle()))
      )
      return { content: [stanza('list', {}, bundles)] }
    }
    case 'count':
      return { content: [stanza('count', { value: String(companion.uploaded?.left ?? (network.fewKeys ? 1 : 0)) })] }
    case 'digest':
      return { content: [stanza('digest')] }
    case 'rotate':
      companion.uploaded?.rotate(task)
      return DONE
    default:
      if (companion.uploaded) companion.uploaded.add(query)
      else companion.setKeys(new UploadedKeys(query))
      network.note('pre-keys', { phone: account.phone })
      return DONE
  }
}

/** Which devices a person has, and their LID (Baileys WAUSync/USyncQuery.js). */
function answerUsync({ network, account }: Connection, query: BinaryNode): Answer {
  const usync = getBinaryNodeChild(query, 'usync')
  const question = getBinaryNodeChild(usync, 'query')
  const topics = Array.isArray(question?.content) ? question.content.map(({ tag }) => tag) : []
  const users = getBinaryNodeChildren(getBinaryNodeChild(usync, 'list'), 'user').map(user => {
    const jid = user.attrs.jid ?? numberAsked(user)
    const { person } = network.people.named(jid)
    const facts: Record<string, BinaryNode> = {
      devices: stanza('devices', {}, [stanza('device-list', {}, devicesOf(person, person === account))]),
      contact: stanza('contact', { type: 'in' }),
      ...(jid.endsWith('@lid') ? {} : { lid: stanza('lid', { val: person.lidJid }) })
    }
    return stanza('user', { jid: jidNormalizedUser(jid) }, topics.flatMap(topic => facts[topic] ?? []))
  })
  return { content: [stanza('usync', {}, [stanza('result'), stanza('list', {}, users)])] }
}

/** Others see a phone without its companion, so that nothing between two bots needs routing: their phones talk. */
function devicesOf({ companion }: Person, own: boolean): BinaryNode[] {
  const linked = own && companion ? [stanza('device', { id: String(companion.device), 'key-index': '1' })] : []
  return [stanza('device', { id: '0' }), ...linked]
}

function numberAsked(user: BinaryNode): string {
  const contact = getBinaryNodeChild(user, 'contact')
  return contact ? `${bytesIn(contact).toString().replace('+', '')}@${SERVER}` : ''
}

function answerGroups({ network, account }: Connection, query: BinaryNode): Answer {
  const { to = '' } = query.attrs
  if (to === '@g.us' || to === 'g.us') {
    const groups = groupsOf(network, account?.phone ?? '').map(group => groupStanza(network, group))
    return { content: [stanza('groups', {}, groups)] }
  }
  const group = network.groups.get(to)
  if (!group) return { error: stanza('error', { code: '404', text: 'item-not-found' }) }
  return { content: [groupStanza(network, group)] }
}

/** The phone's address book; of its settings and chat list version 0, nothing in them (chats.js `resyncAppState`). */
function answerAppState({ account }: Connection, query: BinaryNode): Answer {
  const asked = getBinaryNodeChildren(getBinaryNodeChild(query, 'sync'), 'collection')
  const collections = asked.map(({ attrs: { name, version } }) =>
    name === 'critical_unblock_low' && account
      ? account.addressBook.since(Number(version))
      : stanza('collection', { name, version: '0' }, [])
  )
  return { content: [stanza('sync', {}, collections)] }
}

function answerDevices(connection: Connection, query: BinaryNode): Answer {
  const stage = getBinaryNodeChild(query, 'link_code_companion_reg')
  if (stage?.attrs.stage === 'companion_hello') return { content: [takeCompanionHello(connection, stage)] }
  if (stage) takeCompanionFinish(connection, stage)
  else if (getBinaryNodeChild(query, 'remove-companion-device') && connection.account) {
    connection.network.note('logout', { phone: connection.account.phone })
    unlink(connection.account)
  }
  return DONE
}

function becomeLive(connection: Connection, query: BinaryNode): Answer {
  if (getBinaryNodeChild(query, 'active')) setImmediate(() => connection.goLive())
  return DONE
}

function answerPrivacy({ account }: Connection, query: BinaryNode): Answer {
  if (query.attrs.type === 'set') return DONE
  const value = account?.readsHidden ? 'none' : 'all'
  return { content: [stanza('privacy', {}, [stanza('category', { name: 'readreceipts', value })])] }
}

/** The companion has asked for what changed (Baileys groups.js, on `CB:ib,,dirty`). */
function cleanGroups({ network, account }: Connection, query: BinaryNode): Answer {
  if (account && getBinaryNodeChild(query, 'clean')?.attrs.type === 'groups') {
    account.groupsChanged = false
    network.note('groups-known', { phone: account.phone })
  }
  return DONE
}

/** Who is on the network: phones with their numbers, and the companion that a phone may have linked. */
import { jidDecode, MIN_PREKEY_COUNT, type BinaryNode } from 'baileys'
import { AddressBook } from './address_book.ts'
import type { Connection } from './connection.ts'
import { Refusal } from './errors.ts'
import { Feed } from './feed.ts'
import type { Memory } from './history.ts'
import type { Bundle, UploadedKeys } from './keys.ts'
import { keptHere, Signal, type Keeper } from './signal.ts'
import { newMessageId, SERVER, stanza, unixTime } from './stanzas.ts'
import { Turns } from './turns.ts'

/** Something that arrived on a phone. */
export interface Delivery {
  readonly id: string
  /** The phone number of the account that sent it. */
  readonly sender: string
  readonly group?: string | undefined
  /** The protobuf field that holds the content: conversation, extendedTextMessage, reactionMessage, ... */
  readonly kind: string
  readonly text?: string | undefined
  /** The id of the message that this one answers, reacts to, edits or revokes. */
  readonly target?: string | undefined
  /** Seconds after which it disappears. */
  readonly expiration?: number | undefined
  /** Written by the linked companion, or by the owner's own hand. */
  readonly by: 'bot' | 'owner'
  readonly at: number
  /** The same id from the same account was here before; a real phone would show the message once. */
  readonly duplicate: boolean
}

export class Person {
  readonly phone: string
  readonly lid: string
  readonly inbox = new Feed<Delivery>()
  /** A phone encrypts and decrypts one thing after the other. */
  readonly turns = new Turns()
  /** How often this phone asked for a message that it could not decrypt. */
  readonly retries = new Map<string, number>()
  /** What the next logins of the companion are answered with, such as '403'. */
  loginFailure: string | undefined
  /** What the companion's next messages are refused with, such as '463'. */
  sendFailure: string | undefined
  /** What the companion sends is taken and not acknowledged. */
  unacked = false
  /** The companion's receipts get lost on their way. */
  unreceipted = false
  /** By the owner's settings nobody learns what they have read. */
  readsHidden = false
  companion: Companion | undefined
  /** Groups changed while the companion was away: it is told at each login, until it says that it knows. */
  groupsChanged = false
  /** What it tells a new companion of the past. */
  memory: Memory | undefined
  /** When the next message arrives, the phone has lost its sessions. */
  forgetful = false
  devicesLinked = 0
  switchOn: () => void = () => undefined
  private readonly seen = new Set<string>()
  private readonly keeper: Keeper
  private state: Signal | undefined
  private book: AddressBook | undefined

  constructor(phone: string, keeper: Keeper) {
    this.phone = phone
    this.keeper = keeper
    this.lid = `77${Array.from(phone).reverse().join('')}`
  }

  get phoneJid(): string {
    return `${this.phone}@${SERVER}`
  }

  get lidJid(): string {
    return `${this.lid}@lid`
  }

  get addressBook(): AddressBook {
    return (this.book ??= new AddressBook())
  }

  /** Made at first use: its signature takes milliseconds, and many are only talked about. */
  get signal(): Signal {
    return (this.state ??= new Signal(this.keeper))
  }

  jid(asLid: boolean): string {
    return asLid ? this.lidJid : this.phoneJid
  }

  /** Neither reads nor writes until it is switched on again. */
  switchOff(): void {
    const off = new Promise<void>(resolve => {
      this.switchOn = resolve
    })
    void this.turns.take(() => off)
  }

  /** The linked companion. Throws Refusal. */
  linked(): Companion {
    if (!this.companion) throw new Refusal(`${this.phone} has no linked companion`)
    return this.companion
  }

  receive(delivery: Omit<Delivery, 'duplicate'>): Delivery {
    const key = `${delivery.sender} ${delivery.id}`
    const received = { ...delivery, duplicate: this.seen.has(key) }
    this.seen.add(key)
    this.inbox.push(received)
    return received
  }
}

/** A stanza on its way to a companion: the server keeps it until it is answered. */
export interface Queued {
  node: BinaryNode
  /** The sender's phone encrypts the same message anew, under the same id. */
  readonly again?: (() => Promise<BinaryNode>) | undefined
  askedAgain: boolean
}

export class Companion {
  readonly phoneJid: string
  readonly lidJid: string
  readonly device: number
  readonly noiseKey: Buffer
  /** Resolves once the companion has uploaded its keys, at its first login; before that nobody can write to it. */
  readonly ready: Promise<UploadedKeys>
  readonly queue = new Map<string, Queued>()
  /** Whose sender keys it was given: `<phone> <group>`. */
  readonly senderKeys = new Set<string>()
  connection: Connection | undefined
  uploaded: UploadedKeys | undefined
  historySynced = false
  /** It was given the key of its phone's address book. */
  hasBookKey = false
  logins = 0
  private readonly upload = Promise.withResolvers<UploadedKeys>()

  constructor(owner: Person, noiseKey: Buffer) {
    this.device = ++owner.devicesLinked
    this.phoneJid = `${owner.phone}:${this.device}@${SERVER}`
    this.lidJid = `${owner.lid}:${this.device}@lid`
    this.noiseKey = noiseKey
    this.ready = this.upload.promise
    this.ready.catch(() => undefined)
  }

  setKeys(keys: UploadedKeys): void {
    this.uploaded = keys
    this.upload.resolve(keys)
  }

  /** One bundle of its keys; whoever has few left is told to upload more (Baileys `handleEncryptNotification`). */
  takeBundle(): Bundle {
    if (!this.uploaded) throw new Refusal('the companion has not uploaded its keys')
    const bundle = this.uploaded.take()
    this.warnWhenLow(this.uploaded.left)
    return bundle
  }

  /** Many strangers wrote: none of its keys are left, until it uploads more. */
  runLow(): void {
    this.uploaded?.exhaust()
    this.warnWhenLow(0)
  }

  private warnWhenLow(left: number): void {
    if (left >= MIN_PREKEY_COUNT) return
    const attrs = { from: `@${SERVER}`, type: 'encrypt', id: newMessageId(), t: unixTime() }
    this.connection?.sendLive(stanza('notification', attrs, [stanza('count', { value: String(left) })]))
  }

  /** Whoever still waits for its keys waits in vain. */
  retire(): void {
    this.upload.reject(new Refusal('the companion was unlinked'))
  }
}

export class People {
  private readonly byPhone = new Map<string, Person>()
  private readonly byLid = new Map<string, Person>()
  private readonly keeper: Keeper

  /** `keeper`: where phones have their Signal state. */
  constructor(keeper: Keeper = keptHere) {
    this.keeper = keeper
  }

  /** The phone with this number; every number exists. */
  person(phone: string): Person {
    let person = this.byPhone.get(phone)
    if (!person) {
      person = new Person(phone, this.keeper)
      this.byPhone.set(phone, person)
      this.byLid.set(person.lid, person)
    }
    return person
  }

  /** Whom a phone number's or a LID's jid names, and the device in it. Throws Refusal for an unknown LID. */
  named(jid: string): { person: Person; device: number } {
    const decoded = jidDecode(jid)
    if (!decoded) throw new Refusal(`${jid} is no jid`)
    const person = decoded.server === 'lid' ? this.byLid.get(decoded.user) : this.person(decoded.user)
    if (!person) throw new Refusal(`nobody has the LID ${jid}`)
    return { person, device: decoded.device ?? 0 }
  }

  all(): Iterable<Person> {
    return this.byPhone.values()
  }
}

/** The network's whole state, handed to everything that serves it. */
import { issueServerIdentity } from './certificates.ts'
import type { CodePairing } from './pairing_code.ts'
import type { Connection } from './connection.ts'
import { Feed } from './feed.ts'
import type { Group } from './groups.ts'
import { People } from './people.ts'
import { clock } from './stanzas.ts'
import { spring, springs, type Trap } from './traps.ts'

/** Something that happened; the README lists the kinds and their facts. */
export interface Event {
  readonly kind: string
  readonly at: number
  readonly [fact: string]: unknown
}

export class Network {
  readonly identity = issueServerIdentity()
  readonly people: People
  /** Milliseconds of silence after a handshake; an older Baileys loses what comes at once, as on no real network. */
  readonly pause: number
  /** Whether a new companion is told that one key of it is there: then Baileys makes 5, not 812. */
  readonly fewKeys: boolean
  readonly groups = new Map<string, Group>()
  readonly log = new Feed<Event>()
  /** Connections that wait for a QR to be scanned, by each of their refs. */
  readonly qrPairings = new Map<string, Connection>()
  /** Companions that wait for their code to be typed, by phone number. */
  readonly codePairings = new Map<string, CodePairing>()
  /** Encrypted files that phones have uploaded, by their paths. */
  readonly media = new Map<string, Buffer>()
  /** How new connections are refused: by this HTTP status, or by breaking (0). */
  refusal: number | undefined
  /** Each springs once. */
  private traps: Trap[] = []

  constructor(people = new People(), pause = 0, fewKeys = false) {
    this.people = people
    this.fewKeys = fewKeys
    this.pause = pause
  }

  note(kind: string, facts: Record<string, unknown> = {}): void {
    const event = { kind, at: clock(), ...facts }
    this.log.push(event)
    const sprung = this.traps.filter(trap => springs(trap, event))
    this.traps = this.traps.filter(trap => !sprung.includes(trap))
    for (const trap of sprung) spring(trap, () => this.note('trap', { sprung_by: kind, pids: trap.pids }))
  }

  /** In the place of every trap before it. */
  setTraps(traps: readonly Trap[]): void {
    this.traps = [...traps]
  }
}

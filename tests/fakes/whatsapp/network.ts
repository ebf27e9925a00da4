/** The network's whole state, handed to everything that serves it. */
import { issueServerIdentity } from './certificates.ts'
import type { CodePairing } from './pairing_code.ts'
import type { Connection } from './connection.ts'
import { Feed } from './feed.ts'
import type { Group } from './groups.ts'
import { People } from './people.ts'
import { clock } from './stanzas.ts'

/** Something that happened; the README lists the kinds and their facts. */
export interface Event {
  readonly kind: string
  readonly at: number
  readonly [fact: string]: unknown
}

export class Network {
  readonly identity = issueServerIdentity()
  readonly people = new People()
  readonly groups = new Map<string, Group>()
  readonly log = new Feed<Event>()
  /** Connections that wait for a QR to be scanned, by each of their refs. */
  readonly qrPairings = new Map<string, Connection>()
  /** Companions that wait for their code to be typed, by phone number. */
  readonly codePairings = new Map<string, CodePairing>()
  refusesConnections = false

  note(kind: string, facts: Record<string, unknown> = {}): void {
    this.log.push({ kind, at: clock(), ...facts })
  }
}

/** The phone's address book, which it shares with its companion as changes under a key of its own (app state). */
import { randomBytes } from 'node:crypto'
import { encodeSyncdPatch, newLTHashState, proto, type BinaryNode, type LTHashState } from 'baileys'
import { stanza, unixTime } from './stanzas.ts'

export const COLLECTION = 'critical_unblock_low'

export class AddressBook {
  readonly keyId = randomBytes(6)
  readonly keyData = { keyData: randomBytes(32), fingerprint: {}, timestamp: Number(unixTime()) }
  private readonly patches: Uint8Array[] = []
  private state: LTHashState = newLTHashState()

  /** `name`: empty removes it. */
  async save(jid: string, name: string): Promise<void> {
    const { patch, state } = await encodeSyncdPatch(
      {
        type: COLLECTION,
        index: ['contact', jid],
        syncAction: { contactAction: { fullName: name } },
        apiVersion: 2,
        operation: proto.SyncdMutation.SyncdOperation.SET
      },
      this.keyId.toString('base64'),
      this.state,
      () => Promise.resolve(this.keyData)
    )
    this.state = state
    this.patches.push(proto.SyncdPatch.encode(patch).finish())
  }

  /** What a companion that has the first `known` changes does not know. */
  since(known: number): BinaryNode {
    const patches = this.patches.slice(known).map(patch => stanza('patch', {}, Buffer.from(patch)))
    return stanza('collection', { name: COLLECTION, version: String(known) }, [stanza('patches', {}, patches)])
  }
}

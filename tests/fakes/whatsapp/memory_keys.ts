/** Signal keys in memory, as Baileys' key stores go (Types/Auth.d.ts `SignalKeyStore`). */
import type { SignalDataSet, SignalDataTypeMap, SignalKeyStoreWithTransaction } from 'baileys'

type Stored = Partial<{ [Kind in keyof SignalDataTypeMap]: Map<string, SignalDataTypeMap[Kind]> }>

/** Its transactions change nothing by themselves: whoever shares a store takes turns. */
export class MemoryKeys implements SignalKeyStoreWithTransaction {
  private readonly stored: Stored = {}

  get<Kind extends keyof SignalDataTypeMap>(kind: Kind, ids: string[]): { [id: string]: SignalDataTypeMap[Kind] } {
    const found: { [id: string]: SignalDataTypeMap[Kind] } = {}
    const entries = this.stored[kind]
    for (const id of ids) {
      const value = entries?.get(id)
      if (value !== undefined) found[id] = value
    }
    return found
  }

  set(changes: SignalDataSet): void {
    for (const kind of Object.keys(changes) as (keyof SignalDataTypeMap)[]) this.change(kind, changes[kind] ?? {})
  }

  drop(kind: keyof SignalDataTypeMap): void {
    this.stored[kind]?.clear()
  }

  isInTransaction(): boolean {
    return false
  }

  transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    return work()
  }

  private change<Kind extends keyof SignalDataTypeMap>(
    kind: Kind,
    values: { [id: string]: SignalDataTypeMap[Kind] | null }
  ): void {
    const entries: Map<string, SignalDataTypeMap[Kind]> = (this.stored[kind] ??= new Map() as NonNullable<Stored[Kind]>)
    for (const [id, value] of Object.entries(values)) {
      if (value === null) entries.delete(id)
      else entries.set(id, value)
    }
  }
}

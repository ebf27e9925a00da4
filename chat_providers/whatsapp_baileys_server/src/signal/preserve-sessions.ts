import type { SignalDataSet, SignalKeyStore } from 'baileys'

/** All sessions with one device of a contact: the current one, and older ones in which messages still arrive. */
interface SessionRecord {
  _sessions: Record<string, { indexInfo: { used: number } }>
}

/**
 * Wraps the key store to undo a fault of libsignal. It tries one session after the other to decrypt a message and
 * also changes the sessions that failed. The contact could not read the next message sent in such a session. Within
 * `duringDecryption` only the session that decrypted the message, which is marked as used, is changed.
 */
export function preserveUnusedSessions<Keys extends SignalKeyStore>(
  keys: Keys,
): { keys: Keys; duringDecryption: <Result>(read: () => Promise<Result>) => Promise<Result> } {
  let decrypting = false
  return {
    keys: {
      ...keys,
      set: async (data: SignalDataSet): Promise<void> => {
        if (decrypting && data.session) await restoreUnused(keys, data.session as Record<string, SessionRecord | null>)
        await keys.set(data)
      },
    },
    async duringDecryption(read) {
      decrypting = true
      try {
        return await read()
      } finally {
        decrypting = false
      }
    },
  }
}

async function restoreUnused(keys: SignalKeyStore, changed: Record<string, SessionRecord | null>): Promise<void> {
  const before = (await keys.get('session', Object.keys(changed))) as unknown as Record<
    string,
    SessionRecord | undefined
  >
  for (const [address, record] of Object.entries(changed)) {
    for (const [name, session] of Object.entries(record?._sessions ?? {})) {
      const old = before[address]?._sessions[name]
      if (record && old?.indexInfo.used === session.indexInfo.used) record._sessions[name] = old
    }
  }
}

import type { SignalDataSet, SignalKeyStore } from 'baileys'

/** One contact's device may have several sessions with us: the one in use, and older ones that messages still come in. */
interface Sessions {
  _sessions: Record<string, { indexInfo: { used: number } }>
}

/**
 * `keys` for libsignal, which reads a message by trying one session after the other and changes those that turn out to
 * be the wrong ones: what is sent in such a session next cannot be read by the other side. While `whileReading`, only
 * the session that did read the message, which is the one marked as used, is changed; the others stay as they were.
 */
export function sparing<Keys extends SignalKeyStore>(
  keys: Keys,
): { keys: Keys; whileReading: <Result>(read: () => Promise<Result>) => Promise<Result> } {
  let reading = false
  return {
    keys: {
      ...keys,
      set: async (data: SignalDataSet): Promise<void> => {
        if (reading && data.session) await restoreUnused(keys, data.session as Record<string, Sessions | null>)
        await keys.set(data)
      },
    },
    async whileReading(read) {
      reading = true
      try {
        return await read()
      } finally {
        reading = false
      }
    },
  }
}

async function restoreUnused(keys: SignalKeyStore, changed: Record<string, Sessions | null>): Promise<void> {
  const before = (await keys.get('session', Object.keys(changed))) as unknown as Record<string, Sessions | undefined>
  for (const [address, record] of Object.entries(changed)) {
    for (const [name, session] of Object.entries(record?._sessions ?? {})) {
      const old = before[address]?._sessions[name]
      if (record && old?.indexInfo.used === session.indexInfo.used) record._sessions[name] = old
    }
  }
}

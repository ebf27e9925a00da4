import { Browsers, makeWASocket, proto, type AuthenticationCreds, type SocketConfig, type WASocket } from 'baileys'

import type { AccountContext } from '../account-context.ts'
import { BoundedCache } from '../common/bounded-cache.ts'
import { silentLogger } from '../silence-logs.ts'
import { KEEP_ALIVE_MILLISECONDS } from './connection-watchdog.ts'

const HOUR = 3600
const { PUSH_NAME, NON_BLOCKING_DATA } = proto.Message.HistorySyncType

type Callbacks = Pick<SocketConfig, 'makeSignalRepository' | 'getMessage' | 'cachedGroupMetadata'>

/** Opens a Baileys socket for an account. It connects at once, but emits nothing before the caller returns. */
export function makeSocket(
  account: AccountContext,
  auth: { creds: AuthenticationCreds; keys: SocketConfig['auth']['keys'] },
  callbacks: Callbacks,
): WASocket {
  const socket = makeWASocket({
    ...callbacks,
    auth,
    logger: silentLogger,
    browser: Browsers.ubuntu('Chrome'),
    keepAliveIntervalMs: KEEP_ALIVE_MILLISECONDS,
    markOnlineOnConnect: false,
    emitOwnEvents: false,
    syncFullHistory: false,
    // These history types carry names and LIDs but no chats. Without chats to wait for, Baileys does not hold its
    // events back for up to 20 seconds after the first login.
    shouldSyncHistoryMessage: ({ syncType }) => syncType === PUSH_NAME || syncType === NON_BLOCKING_DATA,
    msgRetryCounterCache: account.retries,
    userDevicesCache: new BoundedCache(500, HOUR / 12),
    callOfferCache: new BoundedCache(20, HOUR / 12),
    placeholderResendCache: new BoundedCache(100, HOUR),
    // Messages are read one at a time. A sender of many unreadable messages must not delay all other messages.
    retryRequestDelayMs: 0,
  })
  ignoreReceivedMessagesOnRetry(socket)
  decryptAhead(socket)
  disableCallMessages(socket)
  return socket
}

/**
 * Keeps Baileys from answering a retry request with a message that it received.
 *
 * Baileys stores received and sent messages under the same ids and returns the latest one. A contact could write a
 * message under an id of ours and have Baileys send that text in our name.
 */
function ignoreReceivedMessagesOnRetry({ messageRetryManager }: WASocket): void {
  if (messageRetryManager) messageRetryManager.getRecentMessage = () => undefined
}

/**
 * Lets Baileys decrypt a message before the previous one is confirmed. `MessageReceiver.process` keeps the order
 * instead, while earlier messages are still being stored.
 */
function decryptAhead({ messageMutex }: WASocket): void {
  messageMutex.mutex = async work => work()
}

/** Stops Baileys from making messages of calls. It knows too little about them (see missed-calls.ts). */
function disableCallMessages({ ev }: WASocket): void {
  ev.removeAllListeners('call')
}

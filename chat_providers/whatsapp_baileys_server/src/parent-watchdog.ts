import type { EventEmitter } from 'node:events'

const TICK_SECONDS = 0.5
const MAX_SILENCE_SECONDS = 5

/**
 * Calls `onSilence` when `stream` has sent something and then stays silent for too long. Returns a function that sets
 * this limit in seconds; it is five at most. The parent process has then stopped or hangs, and another server may be
 * about to connect the same accounts.
 *
 * It counts timer ticks instead of seconds, because after a suspend of the machine too many seconds have passed.
 */
export function watchParent(stream: EventEmitter, onSilence: () => void): (seconds: number) => void {
  let silentTicks = 0
  let maxTicks = MAX_SILENCE_SECONDS / TICK_SECONDS
  stream.on('data', () => (silentTicks = 0))
  stream.once('data', () => {
    setInterval(() => {
      silentTicks += 1
      if (silentTicks >= maxTicks) onSilence()
    }, TICK_SECONDS * 1000)
  })
  return seconds => {
    maxTicks = Math.max(1, Math.floor(Math.min(seconds, MAX_SILENCE_SECONDS) / TICK_SECONDS))
  }
}

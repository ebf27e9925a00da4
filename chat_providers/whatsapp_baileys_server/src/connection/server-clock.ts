import type { BinaryNode } from 'baileys'

/** WhatsApp sends whole seconds, and stanzas take some time to arrive. */
const TOLERANCE_SECONDS = 5
/** An unchanged offset is reported again after this time. It confirms that our own clock is still right. */
const REPEAT_SECONDS = 60

/**
 * Tracks WhatsApp's time as an offset to our monotonic clock. The login sets it, and later timestamps of WhatsApp's
 * server correct it. A single stanza changes nothing, because it may contain anything.
 */
export class ServerClock {
  /** Seconds that WhatsApp's clock is ahead of the monotonic clock. */
  #offset: number | undefined
  #candidateOffset: number | undefined
  #reportedAt = -Infinity

  /** Sets the clock at the login. Returns the time to report. */
  start(theirs: number, steady: number): number | null {
    if (!isTime(theirs)) return null
    this.#offset = theirs - steady
    return this.#report(steady)
  }

  /**
   * Reads a later timestamp. Returns the time to report, or null. `late`: it may be old, so it can only move forward.
   */
  observe(theirs: number, steady: number, late = false): number | null {
    if (!isTime(theirs)) return null
    const ahead = theirs - steady
    if (late && this.#offset !== undefined && ahead < this.#offset - TOLERANCE_SECONDS) return null
    if (this.#offset !== undefined && isNear(ahead, this.#offset)) {
      this.#candidateOffset = undefined
      return steady - this.#reportedAt < REPEAT_SECONDS ? null : this.#report(steady)
    }
    const agreed = this.#candidateOffset !== undefined && isNear(ahead, this.#candidateOffset)
    this.#candidateOffset = ahead
    if (!agreed) return null
    this.#offset = ahead
    return this.#report(steady)
  }

  #report(steady: number): number | null {
    this.#reportedAt = steady
    return this.#offset === undefined ? null : Math.round(steady + this.#offset)
  }
}

/**
 * Returns the time of a stanza that WhatsApp's server sent just now. NaN: it has none, or it waited at the server.
 */
export function serverTimeOf({ tag, attrs }: BinaryNode): number {
  const live = tag === 'ack' || tag === 'iq' || (tag === 'message' && attrs.offline === undefined)
  return live && attrs.t !== undefined ? Number(attrs.t) : NaN
}

const isTime = (seconds: number): boolean => Number.isSafeInteger(seconds) && seconds > 0

const isNear = (one: number, other: number): boolean => Math.abs(one - other) <= TOLERANCE_SECONDS

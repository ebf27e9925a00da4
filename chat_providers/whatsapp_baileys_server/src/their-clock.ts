import type { BinaryNode } from 'baileys'

/** WhatsApp's times are whole seconds, and some time passes on the way. */
const SAME_SECONDS = 5
/** Seconds after which the same is told again: it also says that our own clock is still right. */
const AGAIN_SECONDS = 60

/**
 * What time it is at WhatsApp, by a clock of ours that never jumps: told at the login, then followed by what WhatsApp's
 * server dates itself as it passes it on. One stanza alone moves nothing, since anything may stand in it.
 */
export class TheirClock {
  /** Seconds that WhatsApp's clock is ahead of the one that never jumps. */
  #ahead: number | undefined
  #other: number | undefined
  #toldAt = -Infinity

  /** At the login. Gives what is to be told. */
  begin(theirs: number, steady: number): number | null {
    if (!isTime(theirs)) return null
    this.#ahead = theirs - steady
    return this.#tell(steady)
  }

  /** Later on. Gives what is to be told, or null. `late`: it may be from before, and so only say that it is later. */
  heard(theirs: number, steady: number, late = false): number | null {
    if (!isTime(theirs)) return null
    const ahead = theirs - steady
    if (late && this.#ahead !== undefined && ahead < this.#ahead - SAME_SECONDS) return null
    if (this.#ahead !== undefined && near(ahead, this.#ahead)) {
      this.#other = undefined
      return steady - this.#toldAt < AGAIN_SECONDS ? null : this.#tell(steady)
    }
    const agreed = this.#other !== undefined && near(ahead, this.#other)
    this.#other = ahead
    if (!agreed) return null
    this.#ahead = ahead
    return this.#tell(steady)
  }

  #tell(steady: number): number | null {
    this.#toldAt = steady
    return this.#ahead === undefined ? null : Math.round(steady + this.#ahead)
  }
}

/** The time on what WhatsApp's server made or passed on just now; NaN: none, or of something that waited there. */
export function timeOf({ tag, attrs }: BinaryNode): number {
  const live = tag === 'ack' || tag === 'iq' || (tag === 'message' && attrs.offline === undefined)
  return live && attrs.t !== undefined ? Number(attrs.t) : NaN
}

const isTime = (seconds: number): boolean => Number.isSafeInteger(seconds) && seconds > 0

const near = (one: number, other: number): boolean => Math.abs(one - other) <= SAME_SECONDS

/** Of what is asked under one name, one thing at a time, in the order asked. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  take<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const turn = (this.#last.get(name) ?? Promise.resolve()).then(work)
    const done = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#last.get(name) === done) this.#last.delete(name)
      })
    this.#last.set(name, done)
    return turn
  }
}

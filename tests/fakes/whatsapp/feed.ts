/** A list that only grows, and whose readers can wait for more of it. */
export class Feed<Item> {
  readonly items: Item[] = []
  private readonly sleepers = new Set<() => void>()

  push(item: Item): void {
    this.items.push(item)
    for (const wake of this.sleepers) wake()
  }

  /**
   * The items from index `after` on that are `wanted`; where there are none, wait up to `seconds` for one.
   * `next` is the index to go on from.
   */
  async read(after: number, seconds: number, wanted: (item: Item) => boolean = () => true): Promise<Page<Item>> {
    const deadline = Date.now() + seconds * 1000
    for (let seen = after; ; ) {
      const found = this.items.slice(seen).filter(wanted)
      seen = this.items.length
      const left = deadline - Date.now()
      if (found.length || left <= 0) return { items: found, next: seen }
      await this.grown(left)
    }
  }

  private grown(milliseconds: number): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        clearTimeout(timer)
        this.sleepers.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, milliseconds)
      this.sleepers.add(wake)
    })
  }
}

export interface Page<Item> {
  readonly items: Item[]
  readonly next: number
}

/** The same for Node: `--import` this file. */
import { readFileSync } from 'node:fs'

const RealDate = Date
const given = new URL(import.meta.url).searchParams.get('seconds')
const offset = () => Number(given.startsWith('/') ? readFileSync(given, 'utf8') : given) * 1000

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    super(...(parts.length ? parts : [RealDate.now() + offset()]))
  }

  static now() {
    return RealDate.now() + offset()
  }
}

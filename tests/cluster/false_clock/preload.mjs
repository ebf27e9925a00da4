/** The same for Node: `--import` this file. */
const RealDate = Date
const offset = Number(new URL(import.meta.url).searchParams.get('seconds')) * 1000

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    super(...(parts.length ? parts : [RealDate.now() + offset]))
  }

  static now() {
    return RealDate.now() + offset
  }
}

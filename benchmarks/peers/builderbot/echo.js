/**
 * The least that a user of BuilderBot could write: answers `re: ...` to every text, with its defaults, on the database
 * that its own templates begin with.
 *
 *     node echo.js PORT
 *
 * Prints BuilderBot's own lines, and among them JSON lines: {event: "qr", qr}, {event: "open"}. Keeps its files in the
 * working directory. Ends when its standard input does.
 */
import { addKeyword, createBot, createFlow, createProvider, EVENTS, MemoryDB } from '@builderbot/bot'
import { BaileysProvider } from '@builderbot/provider-baileys'

const tell = facts => console.log(JSON.stringify(facts))

const echo = addKeyword(EVENTS.WELCOME).addAction(async ({ body }, { flowDynamic }) => flowDynamic(`re: ${body}`))
const provider = createProvider(BaileysProvider)
provider.on('require_action', ({ payload }) => tell({ event: 'qr', qr: payload.qr }))
provider.on('ready', () => tell({ event: 'open' }))
const bot = await createBot({ flow: createFlow([echo]), provider, database: new MemoryDB() })
bot.httpServer(Number(process.argv[2]))
process.stdin.resume().on('end', () => process.exit())

/**
 * Loaded before a client's own code, this makes its unmodified Baileys connect to the fake network and trust it:
 *
 *     NODE_OPTIONS="--import file:///.../trust.mjs?url=ws://127.0.0.1:PORT/ws/chat" node client.js
 *
 * Baileys keeps its trust root (`WA_CERT_DETAILS`) and its default server (`DEFAULT_CONNECTION_CONFIG`) in mutable
 * exported objects (Defaults/index.js); changing them changes what every later import sees. Baileys is the one that the
 * main script would get. A program that has none is left alone.
 *
 * With `&quick`, Node keeps what it has compiled for the next start.
 *
 * The address of media is no such object: what is fetched from there is fetched from the network instead.
 */
import { createRequire, enableCompileCache } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT_KEY } from './root_key.mjs'

const MEDIA = 'https://mmg.whatsapp.net/'

/** @returns {string | undefined} the file with Baileys' defaults, seen from the main script */
function baileysDefaults() {
  const main = process.argv[1]
  if (!main) return undefined
  try {
    return path.join(path.dirname(createRequire(main).resolve('baileys')), 'Defaults', 'index.js')
  } catch {
    return undefined
  }
}

const defaults = baileysDefaults()
if (defaults) {
  const { searchParams } = new URL(import.meta.url)
  if (searchParams.has('quick')) enableCompileCache()
  const { WA_CERT_DETAILS, DEFAULT_CONNECTION_CONFIG } = await import(pathToFileURL(defaults).href)
  WA_CERT_DETAILS.PUBLIC_KEY = ROOT_KEY.public
  const url = searchParams.get('url') ?? ''
  DEFAULT_CONNECTION_CONFIG.waWebSocketUrl = url
  const { fetch } = globalThis
  const media = new URL('/', url.replace(/^ws/, 'http')).href
  globalThis.fetch = (from, how) =>
    fetch(typeof from === 'string' && from.startsWith(MEDIA) ? from.replace(MEDIA, media) : from, how)
}

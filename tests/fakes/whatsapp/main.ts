/**
 * The fake network as a program: `node main.ts [PORT] [WORKERS] [PAUSE] [KEYS]`, where phones encrypt in so many
 * threads beside the network's, or in its own, and the server says nothing for so many ms after a handshake, and companions make
 * `few` one-time keys or `many`. Prints one JSON line when it is ready,
 * `{"port": N, "control": "http://...", "url": "ws://..."}`, and ends when its standard input does.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { Connection } from './connection.ts'
import { control } from './control.ts'
import { Network } from './network.ts'
import { People } from './people.ts'
import { keptInWorkers } from './signal_workers.ts'
import { hushConsole } from './silence.ts'
import { setClock } from './stanzas.ts'

hushConsole()
const [port = '0', workers = '0', pause = '0', keys = 'many'] = process.argv.slice(2)
const keeper = Number(workers) ? keptInWorkers(Number(workers)) : undefined
let network = newNetwork()
const server = createServer((request, response) => {
  const file = network.media.get(request.url ?? '')
  if (file) response.end(file)
  else if (request.url === '/reset') reset(response)
  else void control(network, request, response)
})
const sockets = new WebSocketServer({
  server,
  verifyClient: ({ req }, accept) => {
    if (network.refusal === undefined) accept(true)
    else if (network.refusal) accept(false, network.refusal)
    else req.socket.destroy()
  }
})
sockets.on('connection', socket => new Connection(network, socket))

server.listen(Number(port), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  const address = `127.0.0.1:${port}`
  const ready = { port, control: `http://${address}`, url: `ws://${address}/ws/chat` }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
})
process.stdin.resume().on('end', () => process.exit())

function newNetwork(): Network {
  return new Network(new People(keeper), Number(pause), keys === 'few')
}

/** Nobody is connected, and nothing is known of anybody, as after a start. */
function reset(response: ServerResponse): void {
  for (const socket of sockets.clients) socket.terminate()
  setClock(0)
  network = newNetwork()
  response.end('{}')
}

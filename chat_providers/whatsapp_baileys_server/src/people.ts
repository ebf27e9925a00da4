import { isLidUser, isPnUser, jidNormalizedUser, type WASocket } from 'baileys'

/** A person's phone number and LID, as far as they are known; a group's id. */
export async function namesOf(socket: WASocket, jid: string): Promise<string[]> {
  const { lidMapping } = socket.signalRepository
  const other = isPnUser(jid) ? await lidMapping.getLIDForPN(jid) : await phoneOf(socket, jid)
  return (other ? [jid, other] : [jid]).map(each => jidNormalizedUser(each))
}

/** The phone number behind a LID that came without it, if it was ever told. */
export async function phoneOf(socket: WASocket, id: string | null | undefined): Promise<string | undefined> {
  if (!id || !isLidUser(id)) return undefined
  return (await socket.signalRepository.lidMapping.getPNForLID(id)) ?? undefined
}

import { isLidUser, isPnUser, jidNormalizedUser, type WASocket } from 'baileys'

/** Returns the known ids of a person (phone number and LID), or the id of a group. */
export async function aliasesOf(socket: WASocket, jid: string): Promise<string[]> {
  const { lidMapping } = socket.signalRepository
  const other = isPnUser(jid) ? await lidMapping.getLIDForPN(jid) : await phoneJidOf(socket, jid)
  return (other ? [jid, other] : [jid]).map(each => jidNormalizedUser(each))
}

/** Returns the phone number of a LID, if it is known. */
export async function phoneJidOf(socket: WASocket, id: string | null | undefined): Promise<string | undefined> {
  if (!id || !isLidUser(id)) return undefined
  return (await socket.signalRepository.lidMapping.getPNForLID(id)) ?? undefined
}

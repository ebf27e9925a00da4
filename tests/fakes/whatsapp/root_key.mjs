/**
 * The certificate root of the fake network, in place of WhatsApp's own (`WA_CERT_DETAILS`). It guards nothing: its only
 * use is that a client in a test accepts a server on 127.0.0.1.
 */
export const ROOT_KEY = {
  private: Buffer.from('a0ac1b3faa88c29bbc2e789a80523d391400464de5543ff30d2c5c871d889170', 'hex'),
  public: Buffer.from('479f68f1e4e8d41d79e9a3401fc583aba5bd3c527bc042d336be50a4436d157a', 'hex')
}

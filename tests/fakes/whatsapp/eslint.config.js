export { default } from '../../../chat_providers/whatsapp_baileys_server/eslint.config.js'

import type { Attachment, SlackMessage } from '../../../src/sink/slack/message.ts';
import type { Answer } from '../tools.ts';

const PATH = '/services/T0/B0/verysecretpath';

export const unescaped = (text: string): string => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/**
 * A mock: answers as Slack's page on incoming webhooks and its errors says
 * (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), and holds messages to Discord's narrower bounds
 * (https://discord.com/developers/docs/resources/message#embed-object-embed-limits).
 */
export class FakeSlack {
  static readonly path = PATH;
  readonly messages: (SlackMessage & { readonly channel?: string; readonly username?: string })[] = [];
  failing = false;

  get received(): string[] {
    return this.messages.flatMap(({ attachments }) => attachments.map(({ footer }) => unescaped(footer)));
  }

  readonly answer: Answer = ({ url, headers, body }, response) => {
    if (this.failing) return void response.destroy();
    const refuse = (status: number, what: string): void => void response.writeHead(status, { 'content-type': 'text/plain' }).end(what);
    if (url !== PATH) return refuse(404, 'no_service');
    if (headers['content-type'] !== 'application/json') return refuse(400, 'invalid_payload');
    const message = JSON.parse(body) as SlackMessage;
    const { text, attachments } = message;
    if (typeof text !== 'string' || text.length === 0) return refuse(400, 'no_text');
    if (attachments.length > 10) return refuse(400, 'too_many_attachments');
    const size = (part: Attachment): number => part.title.length + part.text.length + part.footer.length;
    if (attachments.reduce((sum, each) => sum + size(each), 0) > 6_000) return refuse(400, 'msg_too_long');
    if (attachments.some(({ title, footer }) => title === '' || title.length > 256 || footer.length > 300))
      return refuse(400, 'invalid_attachments');
    this.messages.push(message);
    response.writeHead(200, { 'content-type': 'text/html' }).end('ok');
  };
}

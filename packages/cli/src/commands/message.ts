import type { Cli } from "./cli.ts";
import { onMessage, onMessageCommand } from "./find-message.ts";

/** `treehouse edit`, `delete`, `react`, `pin` and `unpin`: what one does to a message that was sent. */
export function addMessageCommands(cli: Cli): void {
  onMessageCommand(cli.program, "edit", "put another text in the place of one of your messages")
    .argument("<text>")
    .option("--markdown", "the text is Markdown")
    .action(
      async (reference: string, id: string, text: string, options: { markdown?: boolean }) => {
        const format = options.markdown === true ? "markdown" : "plain";
        await onMessage(cli, reference, id, async (conversation, whole) => {
          const { position } = await conversation.edit(whole, text, { format });
          cli.output().result({ id: whole, position }, `edited at position ${position}`);
        });
      },
    );
  onMessageCommand(cli.program, "delete", "take a message back: every client erases it").action(
    async (reference: string, id: string) => {
      await onMessage(cli, reference, id, async (conversation, whole) => {
        const { position } = await conversation.delete(whole);
        cli.output().result({ id: whole, position }, `deleted at position ${position}`);
      });
    },
  );
  onMessageCommand(cli.program, "react", "say an emoji to a message")
    .argument("<emoji>", "or :name:, a custom one of yours")
    .option("--remove", "take it back")
    .action(async (reference: string, id: string, emoji: string, options: { remove?: boolean }) => {
      const removed = options.remove === true;
      await onMessage(cli, reference, id, async (conversation, whole) => {
        await (removed ? conversation.unreact(whole, emoji) : conversation.react(whole, emoji));
        const text = removed ? `took back ${emoji}` : `said ${emoji}`;
        cli.output().result({ id: whole, emoji, removed }, text);
      });
    });
  onMessageCommand(cli.program, "pin", "pin a message for all members").action(
    async (reference: string, id: string) => {
      await onMessage(cli, reference, id, async (conversation, whole) => {
        await conversation.pin(whole);
        cli.output().result({ id: whole, pinned: true }, "pinned");
      });
    },
  );
  onMessageCommand(cli.program, "unpin", "take a pin back").action(
    async (reference: string, id: string) => {
      await onMessage(cli, reference, id, async (conversation, whole) => {
        await conversation.unpin(whole);
        cli.output().result({ id: whole, pinned: false }, "unpinned");
      });
    },
  );
}

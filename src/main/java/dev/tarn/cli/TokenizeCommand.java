package dev.tarn.cli;

import dev.tarn.text.TextPipeline;
import dev.tarn.text.TokenLines;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tarn tokenize}. */
@Command(
        name = "tokenize",
        description = "Read lines of UTF-8 text from standard input and print the tokens of each as a JSON array.")
final class TokenizeCommand extends TarnCommand {

    @Option(names = "--tokenizer", description = "fastai or whitespace (${DEFAULT-VALUE})")
    private String tokenizer = "fastai";

    TokenizeCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        TokenLines lines = new TokenLines(
                TextPipeline.named(tokenizer), Runtime.getRuntime().availableProcessors());
        long started = System.nanoTime();
        try {
            OutputStream out = new BufferedOutputStream(console.out(), 1 << 16);
            TokenLines.Totals totals = lines.run(console.in(), out);
            double seconds = (System.nanoTime() - started) / 1e9;
            console.note(String.format(
                    java.util.Locale.ROOT,
                    "%,d tokens in %,d lines, %,.0f tokens/s",
                    totals.tokens(),
                    totals.lines(),
                    totals.tokens() / seconds));
        } catch (IOException e) {
            throw new UncheckedIOException("standard input or output failed", e);
        }
    }
}

package dev.tarn.cli;

import dev.tarn.run.JsonEvent;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Arrays;

/**
 * Where a command reads from and prints to. With {@code --json} standard output carries JSON lines alone; with
 * {@code --quiet} notes are left out.
 */
final class Console {

    private final InputStream in;
    private final PrintStream out;
    private final PrintStream err;
    private final boolean json;
    private final boolean quiet;

    Console(InputStream in, PrintStream out, PrintStream err, String[] args) {
        this.in = in;
        this.out = out;
        this.err = err;
        // Looked up here, so that even a command line that cannot be parsed is answered in the form that it asks for.
        this.json = Arrays.asList(args).contains("--json");
        this.quiet = Arrays.asList(args).contains("--quiet");
    }

    InputStream in() {
        return in;
    }

    PrintStream out() {
        return out;
    }

    PrintStream err() {
        return err;
    }

    boolean isJson() {
        return json;
    }

    boolean isQuiet() {
        return quiet;
    }

    /** Whether standard error is a terminal, on which a progress bar can be drawn; the launcher knows, Java does not. */
    boolean isTerminal() {
        return Boolean.getBoolean("tarn.terminal");
    }

    /** A result: the event with {@code --json}, otherwise the text. */
    void result(String text, JsonEvent event) {
        out.println(json ? event.toJson() : text);
        out.flush();
    }

    /** A result that only people want to read. */
    void line(String text) {
        if (!json) {
            out.println(text);
            out.flush();
        }
    }

    /** Something worth knowing that is no result. */
    void note(String text) {
        if (!quiet) {
            err.println(text);
        }
    }

    /** Tells a failure and returns the exit code. */
    int error(String code, String message, int exitCode) {
        err.println("tarn: " + message);
        if (json) {
            out.println(Main.errorEvent(code, message).toJson());
            out.flush();
        }
        return exitCode;
    }
}

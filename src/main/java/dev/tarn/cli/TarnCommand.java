package dev.tarn.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** What every command has: the common flags, the console and its own parsed command line. */
abstract class TarnCommand implements Callable<Integer> {

    final Console console;

    @Mixin
    private final CommonOptions common = new CommonOptions();

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets spec
    TarnCommand(Console console) {
        this.console = console;
    }

    /** The command line of this command. */
    final ParseResult parsed() {
        return spec.commandLine().getParseResult();
    }

    /** Does the work; a {@link dev.tarn.TarnException} is told to the user. */
    abstract void execute();

    @Override
    public final Integer call() {
        if (common.cudaLibs != null) {
            // Where the CUDA backend reads it; the contract of backends has no word for one of them.
            System.setProperty("tarn.cuda.libs", common.cudaLibs);
        }
        execute();
        return 0;
    }

    /** A group of commands: alone it prints what there is. */
    abstract static class Group implements Runnable {

        private final Console console;

        @Mixin
        @SuppressWarnings("UnusedVariable") // for the parser
        private final CommonOptions common = new CommonOptions();

        @Spec
        private CommandSpec spec;

        @SuppressWarnings("NullAway.Init") // picocli sets spec
        Group(Console console) {
            this.console = console;
        }

        @Override
        public void run() {
            spec.commandLine().usage(console.out());
        }
    }
}

package dev.tarn.cli;

import dev.tarn.TarnException;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.Nearest;
import dev.tarn.run.RunConfig;
import dev.tarn.run.Version;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code tarn} command. */
@Command(
        name = "tarn",
        description = "Trains AWD-LSTM language models and ULMFiT text classifiers.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.TarnVersion.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            QuickstartCommand.class,
            DoctorCommand.class,
            TokenizeCommand.class,
            DataCommand.class,
            LmCommand.class,
            ClfCommand.class,
            LrFindCommand.class,
            ModelCommand.class,
            ExperimentCommand.class,
            RunCommand.class,
            ServeCommand.class
        })
public final class Main implements Runnable {

    private static final int CONFIGURATION = 2;
    private static final int DEFECT = 1;
    private static final Pattern NEGATIVE = Pattern.compile("-[0-9]+:");
    private static final Pattern UNKNOWN_OPTION = Pattern.compile("Unknown option: '([^']+)'");

    private final Console console;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets spec
    Main(Console console) {
        this.console = console;
    }

    public static void main(String[] args) {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        int code = run(args, System.in, out, err);
        out.flush();
        System.exit(code);
    }

    /** Runs a command line; never throws. */
    static int run(String[] args, InputStream in, PrintStream out, PrintStream err) {
        Console console = new Console(in, out, err, args);
        CommandLine command = new CommandLine(new Main(console), new CommandFactory(console))
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
                .setUsageHelpWidth(110)
                .setUnmatchedOptionsAllowedAsOptionParameters(false)
                .setExecutionExceptionHandler((exception, line, result) -> failed(exception, console))
                .setParameterExceptionHandler((exception, words) -> misused(exception, console));
        ConfigFlags.addTo(subcommand(command, "lm", "train"), RunConfig.schema());
        ConfigFlags.addTo(subcommand(command, "lr-find"), RunConfig.schema());
        ConfigFlags.addTo(subcommand(command, "model", "summary"), RunConfig.schema());
        ConfigFlags.addTo(subcommand(command, "clf", "train"), ClassifierConfig.schema());
        ConfigFlags.addTo(subcommand(command, "clf", "lr-find"), ClassifierConfig.schema());
        return command.execute(withoutDoubt(args));
    }

    /**
     * The parser takes {@code -1:1:0.02} behind {@code --stages} for a flag that it does not know. No flag has a digit, so
     * a space in front, which means nothing in a value, tells it better.
     */
    private static String[] withoutDoubt(String[] args) {
        return Arrays.stream(args)
                .map(word -> NEGATIVE.matcher(word).lookingAt() ? " " + word : word)
                .toArray(String[]::new);
    }

    private static CommandSpec subcommand(CommandLine command, String... names) {
        CommandLine found = command;
        for (String name : names) {
            found = Objects.requireNonNull(found.getSubcommands().get(name));
        }
        return found.getCommandSpec();
    }

    @Override
    public void run() {
        spec.commandLine().usage(console.out());
    }

    private static int failed(Throwable exception, Console console) {
        if (exception instanceof TarnException known) {
            return console.error(known.code(), known.sentence(), known.exitCode());
        }
        LoggerFactory.getLogger(Main.class).debug("defect", exception);
        return console.error(
                "defect",
                "Tarn failed in a way that it should not (" + exception
                        + "); please report it with the output of `tarn doctor --json`; TARN_JAVA_OPTS=-Dtarn.log=DEBUG shows where.",
                DEFECT);
    }

    private static int misused(ParameterException exception, Console console) {
        String message = String.valueOf(exception.getMessage());
        String word = unknownWord(exception, message);
        if (word != null) {
            CommandLine command = exception.getCommandLine();
            List<String> known = new ArrayList<>();
            if (word.startsWith("-")) {
                command.getCommandSpec().options().forEach(option -> known.addAll(Arrays.asList(option.names())));
            } else {
                known.addAll(command.getSubcommands().keySet());
            }
            String name = word.contains("=") ? word.substring(0, word.indexOf('=')) : word;
            message = (word.startsWith("-") ? "There is no flag " : "Nothing is expected at ") + name + " of `"
                    + command.getCommandSpec().qualifiedName() + "`"
                    + (known.isEmpty() ? "." : "; did you mean " + Nearest.name(name, known) + "?");
        } else if (!message.endsWith(".")) {
            message += "; see `" + exception.getCommandLine().getCommandSpec().qualifiedName() + " --help`.";
        }
        return console.error("configuration", message, CONFIGURATION);
    }

    /** The word that the parser does not know, or null if that is not what is wrong. */
    private static @Nullable String unknownWord(ParameterException exception, String message) {
        if (exception instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            return unmatched.getUnmatched().get(0);
        }
        // Where a flag with values comes before it, the parser takes an unknown flag for a wrong value.
        Matcher option = UNKNOWN_OPTION.matcher(message);
        return option.find() ? option.group(1) : null;
    }

    /** The version of the build. */
    static final class TarnVersion implements IVersionProvider {

        @Override
        public String[] getVersion() {
            return new String[] {"tarn " + Version.number()};
        }
    }

    /** Hands the console to every command. */
    private record CommandFactory(Console console) implements CommandLine.IFactory {

        @Override
        public <K> K create(Class<K> type) throws Exception {
            for (var constructor : type.getDeclaredConstructors()) {
                if (constructor.getParameterCount() == 1 && constructor.getParameterTypes()[0] == Console.class) {
                    return type.cast(constructor.newInstance(console));
                }
            }
            return CommandLine.defaultFactory().create(type);
        }
    }

    /** An error as a line of JSON. */
    static JsonEvent errorEvent(String code, String message) {
        return JsonEvent.of("error").with("code", code).with("message", message);
    }
}

package dev.tarn.cli;

import picocli.CommandLine.Option;

/** The flags that every command has; {@link Console} reads the first two. */
final class CommonOptions {

    @Option(names = "--json", description = "print JSON lines on standard output and nothing else")
    boolean json;

    @Option(names = "--quiet", description = "print results and errors only")
    boolean quiet;

    @Option(names = "--help", usageHelp = true, description = "print this help")
    boolean help;
}

package dev.tarn.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that every command has; {@link Console} reads the first two, {@link TarnCommand} the third. */
final class CommonOptions {

    @Option(names = "--json", description = "print JSON lines on standard output and nothing else")
    boolean json;

    @Option(names = "--quiet", description = "print results and errors only")
    boolean quiet;

    @Option(
            names = "--cuda-libs",
            paramLabel = "DIR[:DIR]",
            description = "where NVIDIA's libraries are, before all other places")
    @Nullable
    String cudaLibs;

    @Option(names = "--help", usageHelp = true, description = "print this help")
    boolean help;
}

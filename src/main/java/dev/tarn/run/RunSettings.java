package dev.tarn.run;

import dev.tarn.backend.BackendOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The configuration of a run, of whatever kind. */
public sealed interface RunSettings permits RunConfig, ClassifierConfig {

    /** What it runs on: {@code auto}, {@code cpu}, {@code cuda:N} or {@code reference}. */
    String device();

    /** How the device is to compute. */
    BackendOptions options();

    /** Of everything that is random. */
    long seed();

    /** Whether the text is read from its end. */
    boolean backwards();

    /** Every key with its value as it is typed, in the order of the file. */
    Map<String, String> texts();

    /** All keys with a comment each. */
    String toYaml();

    /**
     * Reads the configuration of a run; of which kind it is shows in its sections.
     *
     * @throws dev.tarn.ConfigException as {@link RunConfig#load}
     */
    static RunSettings read(Path file) {
        boolean isClassifier =
                ConfigFile.read(file).stream().anyMatch(entry -> entry.key().startsWith(ClassifierConfig.SECTION));
        return isClassifier ? ClassifierConfig.load(file, List.of()) : RunConfig.load(file, List.of());
    }
}

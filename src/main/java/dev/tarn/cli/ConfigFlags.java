package dev.tarn.cli;

import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.ConfigKey;
import dev.tarn.run.ConfigOverride;
import dev.tarn.run.ConfigSchema;
import dev.tarn.run.RunConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** A flag for every key of a configuration, {@code --config} for a file and {@code --set} for keys by their names. */
final class ConfigFlags {

    @Option(names = "--config", paramLabel = "FILE", description = "a YAML file; flags override it")
    @Nullable
    Path config;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "set a key of the configuration by its name")
    List<String> assignments = new ArrayList<>();

    @Option(names = "--print-config", description = "print the whole effective configuration and do nothing")
    boolean print;

    /** Adds the flags of a configuration to a command. */
    static void addTo(CommandSpec spec, ConfigSchema<?> schema) {
        for (ConfigKey key : schema.keys()) {
            OptionSpec.Builder option = OptionSpec.builder("--" + key.flag())
                    .paramLabel(key.isSwitch() ? "true|false" : key.isList() ? "LIST" : "VALUE")
                    .description(escaped(key.description() + ": " + key.allowed()
                            + (key.defaultText().isEmpty() ? "" : " (" + key.defaultText() + ")")))
                    .type(List.class)
                    .auxiliaryTypes(String.class);
            if (key.isSwitch()) {
                option.arity("0..1").fallbackValue("true");
            } else {
                option.arity(key.isList() ? "1..*" : "1");
            }
            spec.addOption(option.build());
        }
    }

    private static String escaped(String text) {
        return text.replace("%", "%%");
    }

    /**
     * The configuration of a language model that the command line asks for.
     *
     * @throws dev.tarn.ConfigException as {@link RunConfig#load}
     */
    RunConfig read(ParseResult parsed) {
        return RunConfig.load(config, overrides(parsed, RunConfig.schema()));
    }

    /** As {@link #read}, of a classifier. */
    ClassifierConfig readClassifier(ParseResult parsed) {
        return ClassifierConfig.load(config, overrides(parsed, ClassifierConfig.schema()));
    }

    private List<ConfigOverride> overrides(ParseResult parsed, ConfigSchema<?> schema) {
        List<ConfigOverride> overrides = new ArrayList<>();
        assignments.forEach(assignment -> overrides.add(ConfigOverride.set(assignment)));
        for (ConfigKey key : schema.keys()) {
            List<String> values = parsed.matchedOptionValue("--" + key.flag(), List.of());
            if (!values.isEmpty()) {
                overrides.add(ConfigOverride.flag(
                        key, key.isList() ? values : values.subList(values.size() - 1, values.size())));
            }
        }
        return overrides;
    }
}

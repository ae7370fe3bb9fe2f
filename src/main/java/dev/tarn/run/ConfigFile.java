package dev.tarn.run;

import dev.tarn.ConfigException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/**
 * A configuration as YAML: sections at the top, keys below, values that are scalars or lists of scalars. It is read token
 * by token, because only then every message can name a line, and nothing that a typing mistake makes of a document (a
 * repeated key, an alias, a second document, a nested value) passes in silence.
 */
final class ConfigFile {

    /** More than any configuration; whoever names a corpus as --config is told so at once. */
    private static final long MAX_BYTES = 1 << 20;

    private static final YAMLFactory YAML = new YAMLFactory();

    private static final Pattern PLACE = Pattern.compile("line ([0-9]{1,8}), column");

    private final Path file;
    private final Map<String, Integer> lines = new HashMap<>();
    private final List<ConfigEntry> entries = new ArrayList<>();

    private ConfigFile(Path file) {
        this.file = file;
    }

    /** The entries of a file in its order; keys are not yet known to exist. */
    static List<ConfigEntry> read(Path file) {
        ConfigFile config = new ConfigFile(file);
        String text = config.text();
        try (JsonParser parser = YAML.createParser(ObjectReadContext.empty(), text)) {
            config.document((YAMLParser) parser);
        } catch (JacksonException e) {
            throw new ConfigException(config.notYaml(e), e);
        }
        return config.entries;
    }

    /** All keys of a configuration with a comment each. */
    static <C extends Record> String write(ConfigSchema<C> schema, C config) {
        StringBuilder text = new StringBuilder();
        String section = "";
        for (Map.Entry<String, Object> value : schema.values(config).entrySet()) {
            ConfigKey key = schema.key(value.getKey());
            if (!key.section().equals(section)) {
                section = key.section();
                text.append(section).append(":\n");
            }
            String line = "  " + key.name().substring(section.length() + 1) + ": " + ConfigKey.yaml(value.getValue());
            text.append(line)
                    .append(" ".repeat(Math.max(2, 30 - line.length())))
                    .append("# ")
                    .append(key.description())
                    .append('\n');
        }
        return text.toString();
    }

    private String text() {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new ConfigException("--config " + file + " has " + Files.size(file)
                        + " bytes, far more than a configuration; name a YAML file such as --print-config prints.");
            }
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new ConfigException("There is no configuration file " + file + "; check --config.", e);
        } catch (CharacterCodingException e) {
            throw new ConfigException("The configuration file " + file + " is not UTF-8; save it as UTF-8.", e);
        } catch (IOException e) {
            throw new ConfigException(
                    "The configuration file " + file + " cannot be read: " + FileErrors.reason(e)
                            + "; name a readable file with --config.",
                    e);
        }
    }

    /** The parser's message without its picture of the place, and the line that it means rather than where it stood. */
    private String notYaml(JacksonException e) {
        String message = e.getOriginalMessage();
        int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
        Matcher matcher = PLACE.matcher(message);
        while (matcher.find()) {
            line = Integer.parseInt(matcher.group(1));
        }
        String problem = message.lines()
                .filter(part -> !part.isBlank() && !part.startsWith(" "))
                .map(String::strip)
                .collect(Collectors.joining(", "));
        return at(line) + " is not YAML: " + problem + ".";
    }

    private void document(YAMLParser parser) {
        JsonToken first = parser.nextToken();
        if (first == null || first == JsonToken.VALUE_NULL) {
            return;
        }
        if (first != JsonToken.START_OBJECT) {
            throw new ConfigException(here(parser) + " does not begin with a section such as \"train:\".");
        }
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String section = parser.currentName();
            remember(section, parser);
            switch (parser.nextToken()) {
                case START_OBJECT -> section(parser, section);
                case VALUE_NULL -> {
                    // "train:" with nothing below it: a section whose keys are all commented out.
                }
                default -> {
                    // A key at the top: let the schema say where it belongs.
                    entries.add(new ConfigEntry(section, List.of(), here(parser)));
                    parser.skipChildren();
                }
            }
        }
        if (parser.nextToken() != null) {
            throw new ConfigException(here(parser) + " begins a second document; a configuration is one.");
        }
    }

    private void section(YAMLParser parser, String section) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = section + "." + parser.currentName();
            remember(key, parser);
            JsonToken token = parser.nextToken();
            String origin = here(parser);
            if (token == JsonToken.START_ARRAY) {
                List<String> values = new ArrayList<>();
                for (JsonToken each = parser.nextToken(); each != JsonToken.END_ARRAY; each = parser.nextToken()) {
                    values.add(scalar(parser, each, key));
                }
                entries.add(new ConfigEntry(key, List.copyOf(values), origin));
            } else {
                entries.add(new ConfigEntry(key, List.of(scalar(parser, token, key)), origin));
            }
        }
    }

    private String scalar(YAMLParser parser, @Nullable JsonToken token, String key) {
        if (token == null || !token.isScalarValue() || token == JsonToken.VALUE_NULL || parser.isCurrentAlias()) {
            throw new ConfigException(
                    key + " (" + here(parser) + ") has no value of its own; write a number, a word or a list of them.");
        }
        return parser.getString();
    }

    private void remember(String key, YAMLParser parser) {
        int line = parser.currentTokenLocation().getLineNr();
        Integer before = lines.putIfAbsent(key, line);
        if (before != null) {
            throw new ConfigException(
                    key + " stands twice in " + file + ", in lines " + before + " and " + line + "; remove one.");
        }
    }

    private String here(YAMLParser parser) {
        return at(parser.currentTokenLocation().getLineNr());
    }

    private String at(int line) {
        return line > 0 ? file + " line " + line : file.toString();
    }
}

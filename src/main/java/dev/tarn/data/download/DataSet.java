package dev.tarn.data.download;

import dev.tarn.ConfigException;
import dev.tarn.run.Nearest;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * A data set that can be fetched. {@code datasets.properties} lists those that have a name.
 *
 * @param name its folder in the cache
 * @param url its archive, .tgz, .tar.gz or .zip
 * @param size the bytes of the archive; -1 if not known
 * @param checksum of the archive, or null if none is known
 * @param about one line for people
 */
public record DataSet(
        String name, URI url, long size, @Nullable Checksum checksum, String about) {

    private static final String LIST = "datasets.properties";

    /** The names of all data sets, sorted. */
    public static List<String> names() {
        return load().stringPropertyNames().stream()
                .filter(key -> key.endsWith(".url"))
                .map(key -> key.substring(0, key.length() - ".url".length()))
                .sorted()
                .toList();
    }

    /**
     * The data set of a name.
     *
     * @throws ConfigException if there is none
     */
    public static DataSet named(String name) {
        Properties list = load();
        String url = list.getProperty(name + ".url");
        if (url == null) {
            throw new ConfigException("There is no data set '" + name + "' but " + String.join(", ", names())
                    + "; did you mean " + Nearest.name(name, names()) + "?");
        }
        return new DataSet(
                name,
                URI.create(url),
                Long.parseLong(list.getProperty(name + ".size")),
                Checksum.md5(list.getProperty(name + ".md5")),
                list.getProperty(name + ".about"));
    }

    /**
     * The same from another place.
     *
     * @throws ConfigException if the address is none of http or https
     */
    public DataSet at(String address) {
        try {
            URI uri = URI.create(address);
            if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null) {
                return new DataSet(name, uri, size, checksum, about);
            }
        } catch (IllegalArgumentException e) {
            throw new ConfigException("--url " + address + " is no address; give one such as " + url + ".", e);
        }
        throw new ConfigException("--url " + address + " is no address of the web; give one such as " + url + ".");
    }

    /** The same for an archive of another content: its checksum, or null if it has none to compare with. */
    public DataSet withChecksum(@Nullable Checksum other) {
        return new DataSet(name, url, -1, other, about);
    }

    private static Properties load() {
        Properties list = new Properties();
        try (InputStream in = DataSet.class.getResourceAsStream(LIST)) {
            if (in == null) {
                throw new IllegalStateException(LIST + " is not in the jar");
            }
            Reader reader = new InputStreamReader(in, StandardCharsets.UTF_8);
            list.load(reader);
            return list;
        } catch (IOException e) {
            throw new UncheckedIOException(LIST + " cannot be read from the jar", e);
        }
    }
}

/** Downloads from a server of the test's own, and archives good and hostile. */
@NullMarked
package dev.tarn.data.download;

import org.jspecify.annotations.NullMarked;

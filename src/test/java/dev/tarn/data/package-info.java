/** Tests of reading text, keeping ids and cutting windows. */
@NullMarked
package dev.tarn.data;

import org.jspecify.annotations.NullMarked;

// Input `j` of a thread's rows, each four times.
#ifdef ONE_ROW
let x0 = Elements(x_tile[j * STRIDE + down / 4u][down % 4u]);
#else
let x_of_rows = x_tile[j * STRIDE + down / 4u];
#unroll i ROWS
let x$i = Elements(x_of_rows[$i]);
#end
#endif

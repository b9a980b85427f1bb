-- Functions whose arguments change.
set local role sebez_kernel;
drop function vendor_apply(uuid, text, text, text, text, text, text);

// The parts that all views are made of, so that one kind of thing looks and answers the keyboard the same everywhere.

export { Button, Field, NumberBox, Segmented, Select, Slider, TextBox, Toggle } from "./controls.js";
export { Icon } from "./icons.js";
export { Menu } from "./menu.js";
export { Boundary, Details, Empty, Legend, Message, Panel, Progress, Status, Tabs } from "./surfaces.js";
